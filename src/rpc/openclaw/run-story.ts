import type { Interests } from "../interests.ts";
import type { PayloadOf } from "../wire-events.ts";
import type { EventName, OpenClawEvent } from "./events.ts";
import { agentOf } from "../session-key.ts";
import { usageOf } from "./rows.ts";

/** Deltas that come sooner are told together: each tells the whole text again. */
const betweenDeltasMs = 75;

interface Listeners {
  readonly tell: (event: OpenClawEvent) => void;
  /** The row of the session as it is now, where it is known. */
  readonly session: () => SessionFields | undefined;
}

interface SessionFields {
  readonly sessionId: string;
  readonly modelProvider?: string;
  readonly model?: string;
}

/** What one run has said and what of it was told, in `agent` and `chat` events that count by one number. */
export class RunStory {
  readonly #runId: string;
  readonly #sessionKey: string;
  readonly #listeners: Listeners;
  readonly #startedAt = Date.now();
  readonly #said = { text: "", thinking: "" };
  readonly #told = { text: 0, thinking: 0 };
  #seq = 0;
  #isBegun = false;
  #hasModel = false;
  #lastToldMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(runId: string, sessionKey: string, listeners: Listeners) {
    this.#runId = runId;
    this.#sessionKey = sessionKey;
    this.#listeners = listeners;
  }

  /** The first goes out at once, what follows soon after with whatever came meanwhile. Nobody listening is told later. */
  says(what: "text" | "thinking", delta: string, isHeard: boolean): void {
    this.#said[what] += delta;
    if (!isHeard || this.#timer) return;
    const waitMs = this.#lastToldMs + betweenDeltasMs - performance.now();
    if (waitMs <= 0) this.#flush();
    else this.#timer = setTimeout(() => this.#flush(), waitMs).unref();
  }

  callsTool({ callId, tool, params }: PayloadOf<"agent.tool.start">): void {
    this.#flush();
    this.#tellModel();
    this.#tellTool({ phase: "start", name: tool, toolCallId: callId, args: params });
  }

  toolEnded({ callId, tool, success, result, durationMs }: PayloadOf<"agent.tool.result">): void {
    this.#flush();
    const content = [{ type: "text", text: result }];
    const details = { status: success ? "completed" : "failed", durationMs };
    this.#tellTool({
      phase: "result",
      name: tool,
      toolCallId: callId,
      isError: !success,
      result: { content, details },
    });
  }

  /** Tells what has been said and was not told yet. */
  settle(): void {
    this.#flush();
  }

  /** Tells the one ending, and what was not told before it. */
  ends({ state, message, errorMessage, stopReason, usage }: PayloadOf<"chat">): void {
    this.#flush();
    const endedAt = Date.now();
    const whole = message && { message };
    const settled = { startedAt: this.#startedAt, endedAt, executionSettled: true };
    const replied = message && {
      terminalReply: { disposition: "visible", text: message.content.map((block) => block.text).join("") },
    };
    if (state === "aborted") {
      this.#tellChat({ state, stopReason: "rpc", ...whole });
      const cancelled = { status: "cancelled", aborted: true, stopReason: "rpc" };
      this.#agent("lifecycle", { phase: "end", ...cancelled, ...settled, ...replied });
    } else if (state === "error") {
      const error = errorMessage ?? "the run failed";
      this.#agent("lifecycle", { phase: "error", error, aborted: false, stopReason: "error", ...settled });
      this.#tellChat({ state, errorMessage: error, stopReason, ...whole, ...(usage && { usage: usageOf(usage) }) });
    } else {
      this.#agent("lifecycle", { phase: "finishing", stopReason, aborted: false, endedAt });
      if (this.#hasModel) this.#agent("lifecycle", { phase: "model", provider: null, model: null });
      this.#agent("lifecycle", { phase: "end", aborted: false, stopReason, ...settled, ...replied });
      this.#tellChat({ state, stopReason, ...whole, ...(usage && { usage: usageOf(usage) }) });
    }
  }

  /** Tells nothing any more. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #flush(): void {
    this.close();
    this.#begin();
    const { text, thinking } = this.#said;
    if (text.length > this.#told.text || thinking.length > this.#told.thinking) this.#tellModel();
    if (thinking.length > this.#told.thinking) {
      const delta = thinking.slice(this.#told.thinking);
      this.#agent("thinking", { text: thinking, delta }, true);
    }
    if (text.length > this.#told.text) {
      const delta = text.slice(this.#told.text);
      this.#agent("assistant", { text, delta }, true);
      const content = [{ type: "text", text }];
      this.#tellChat({
        state: "delta",
        deltaText: delta,
        message: { role: "assistant", content, timestamp: Date.now() },
      });
    }
    this.#told.text = text.length;
    this.#told.thinking = thinking.length;
    this.#lastToldMs = performance.now();
  }

  #begin(): void {
    if (this.#isBegun) return;
    this.#isBegun = true;
    this.#agent("lifecycle", { phase: "start", startedAt: this.#startedAt });
    const session = this.#listeners.session();
    this.#emit(
      "sessions.changed",
      { ...session, ...(session && { session }), ts: Date.now(), phase: "start", runId: this.#runId },
      { isFor: followsSessions },
    );
  }

  /** Which model is at work, once it shows that it is. */
  #tellModel(): void {
    const { modelProvider: provider, model } = this.#listeners.session() ?? {};
    if (this.#hasModel || model === undefined) return;
    this.#hasModel = true;
    this.#agent("lifecycle", { phase: "model", provider, model });
  }

  #agent(stream: string, data: object, isDroppable = false): void {
    const seq = ++this.#seq;
    const payload = { runId: this.#runId, stream, data, seq, ts: Date.now() };
    this.#emit("agent", payload, { isFor: this.#isInScope, isDroppable });
  }

  /** Carries the number of the `agent` event that it belongs to. */
  #tellChat(fields: { readonly state: string } & Readonly<Record<string, unknown>>): void {
    const payload = { runId: this.#runId, seq: this.#seq, ...fields };
    this.#emit("chat", payload, { isFor: this.#isInScope, isDroppable: fields.state === "delta" });
  }

  /** To the connection that started the run when it can show tools, to others when they follow the sessions. */
  #tellTool(data: object): void {
    this.#begin();
    const seq = ++this.#seq;
    const payload = { runId: this.#runId, stream: "tool", data, seq, ts: Date.now() };
    this.#emit("agent", payload, { isFor: this.#isOwn });
    this.#emit("session.tool", payload, { isFor: (heeded) => followsSessions(heeded) && !this.#isOwn(heeded) });
  }

  #emit(
    name: EventName,
    fields: object,
    to: { readonly isFor: NonNullable<OpenClawEvent["isFor"]>; readonly isDroppable?: boolean },
  ): void {
    const place = { sessionKey: this.#sessionKey, agentId: agentOf(this.#sessionKey) };
    const payload = { ...fields, ...place };
    this.#listeners.tell({ name, scope: "operator.read", isDroppable: false, payload, ...to });
  }

  readonly #isOwn = (heeded: Interests | undefined): boolean =>
    heeded !== undefined && heeded.caps.has("tool-events") && heeded.hasStarted(this.#runId);

  readonly #isInScope = (heeded: Interests | undefined): boolean =>
    !heeded?.caps.has("session-scoped-events") || heeded.follows(this.#sessionKey);
}

export function followsSessions(heeded: Interests | undefined): boolean {
  return heeded?.followsSessions ?? false;
}
