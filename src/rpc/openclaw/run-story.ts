import type { Interests } from "../interests.ts";
import type { PayloadOf } from "../wire-events.ts";
import type { EventName, OpenClawEvent } from "./events.ts";
import { agentOf } from "./rows.ts";

/** Deltas that come sooner are told together: each tells the whole text again. */
const betweenDeltasMs = 75;

type Tell = (event: OpenClawEvent) => void;

/** What one run has said and what of it was told, in `agent` and `chat` events that count by one number. */
export class RunStory {
  readonly #runId: string;
  readonly #sessionKey: string;
  readonly #tell: Tell;
  readonly #startedAt = Date.now();
  readonly #said = { text: "", thinking: "" };
  readonly #told = { text: 0, thinking: 0 };
  #seq = 0;
  #isBegun = false;
  #lastToldMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(runId: string, sessionKey: string, tell: Tell) {
    this.#runId = runId;
    this.#sessionKey = sessionKey;
    this.#tell = tell;
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

  /** Tells the one ending, and what was not told before it. */
  ends({ state, message, errorMessage, stopReason }: PayloadOf<"chat">): void {
    this.#flush();
    const times = { startedAt: this.#startedAt, endedAt: Date.now() };
    const whole = message && { message };
    if (state === "aborted") {
      this.#tellChat({ state, stopReason: "rpc", ...whole });
      this.#agent("lifecycle", { phase: "end", status: "cancelled", aborted: true, stopReason: "rpc", ...times });
    } else if (state === "error") {
      const error = errorMessage ?? "the run failed";
      this.#agent("lifecycle", { phase: "error", error, ...times });
      this.#tellChat({ state, errorMessage: error, ...whole });
    } else {
      this.#agent("lifecycle", { phase: "end", aborted: false, stopReason, ...times });
      this.#tellChat({ state, stopReason, ...whole });
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
    this.#emit("sessions.changed", { ts: Date.now(), phase: "start", runId: this.#runId }, { isFor: followsSessions });
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
    this.#tell({ name, scope: "operator.read", isDroppable: false, payload, ...to });
  }

  readonly #isOwn = (heeded: Interests | undefined): boolean =>
    heeded !== undefined && heeded.caps.has("tool-events") && heeded.hasStarted(this.#runId);

  readonly #isInScope = (heeded: Interests | undefined): boolean =>
    !heeded?.caps.has("session-scoped-events") || heeded.follows(this.#sessionKey);
}

function followsSessions(heeded: Interests | undefined): boolean {
  return heeded?.followsSessions ?? false;
}
