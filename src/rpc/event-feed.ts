import { clip, Lru } from "#base";
import {
  addUsage,
  type Delta,
  type EventOf,
  noUsage,
  type StoredEvent,
  type TranscriptRow,
  type Usage,
} from "#protocol";
import type { SessionNotice } from "#sessions";
import { type PayloadOf, type WireEvent, wireEvent } from "./wire-events.ts";

const longestResult = 8 * 1024;
const runsKept = 10_000;
const endedRunsKept = 1_000;

interface Run {
  readonly runId: string;
  readonly sessionKey: string;
  /** What the model said in the steps that are over, joined by blank lines. */
  text: string;
  /** The step that is being said has said something. */
  hasSpoken: boolean;
  /** Of the steps that were followed. */
  usage: Usage;
}

/** What happens in the sessions, as clients are told of it. Follows each turn from its message to its one ending. */
export class EventFeed {
  readonly #emit: (event: WireEvent) => void;
  readonly #rowOf: (stored: StoredEvent) => TranscriptRow | undefined;
  readonly #runs = new Lru<string, Run>({ budget: runsKept, onEvict: (_runId, run) => this.#left(run) });
  readonly #ended = new Lru<string, true>({ budget: endedRunsKept });
  /** How many turns of a session are under way or waiting. */
  readonly #busy = new Map<string, number>();

  constructor(options: {
    readonly emit: (event: WireEvent) => void;
    readonly rowOf: (stored: StoredEvent) => TranscriptRow | undefined;
  }) {
    this.#emit = options.emit;
    this.#rowOf = options.rowOf;
  }

  take(notice: SessionNotice): void {
    switch (notice.type) {
      case "appended":
        for (const stored of notice.events) this.#appended(notice.key, stored);
        return;
      case "delta":
        return this.#delta(notice.key, notice.delta);
      case "deleted":
        return this.#deleted(notice.key);
    }
  }

  #appended(sessionKey: string, stored: StoredEvent): void {
    const { event } = stored;
    switch (event.kind) {
      case "MessageReceived":
        this.#message(sessionKey, stored);
        this.#run(event.runId, sessionKey);
        return this.#changed(sessionKey, "send", event.runId);
      case "ToolCalled":
        return this.#toolCalled(sessionKey, event);
      case "ToolResult":
        return this.#toolResult(sessionKey, stored, event);
      case "AgentResponse":
        return this.#responded(sessionKey, stored, event);
      case "MessageSent":
        return this.#message(sessionKey, stored);
      case "SessionStarted":
        return this.#changed(sessionKey, "create");
      case "StateChanged":
        return this.#changed(sessionKey, "patch");
      case "SessionEnded":
        return this.#changed(sessionKey, event.reason === "reset" ? "reset" : "delete");
    }
  }

  #delta(sessionKey: string, { kind, runId, text }: Delta): void {
    const run = this.#run(runId, sessionKey);
    if (!run) return;
    if (kind === "ThinkingDelta") {
      this.#emit(wireEvent("agent.thinking", { sessionKey, runId, text }));
      return;
    }
    this.#emit(wireEvent("agent.text", { sessionKey, runId, text }));
    const deltaText = run.text !== "" && !run.hasSpoken ? `\n\n${text}` : text;
    run.hasSpoken = true;
    this.#emit(wireEvent("chat", { sessionKey, runId, state: "delta", deltaText }, true));
  }

  #toolCalled(sessionKey: string, { runId, callId, tool, params }: EventOf<"ToolCalled">): void {
    this.#run(runId, sessionKey);
    this.#emit(wireEvent("agent.tool.start", { sessionKey, runId, callId, tool, params }));
  }

  #toolResult(sessionKey: string, stored: StoredEvent, event: EventOf<"ToolResult">): void {
    const { runId, callId, tool, success, durationMs } = event;
    const result = clip(event.result, longestResult);
    this.#emit(wireEvent("agent.tool.result", { sessionKey, runId, callId, tool, success, result, durationMs }));
    this.#message(sessionKey, stored);
  }

  #responded(sessionKey: string, stored: StoredEvent, event: EventOf<"AgentResponse">): void {
    const run = this.#run(event.runId, sessionKey);
    if (!run) return;
    run.text = [run.text, event.text].filter((text) => text !== "").join("\n\n");
    run.hasSpoken = false;
    run.usage = addUsage(run.usage, event.usage);
    this.#message(sessionKey, stored);
    if (event.stopReason === "toolUse") return;
    this.#emit(wireEvent("chat", ending(run, stored.at, event)));
    this.#end(run);
    this.#changed(sessionKey, event.stopReason === "error" ? "error" : "end", event.runId);
  }

  /** The turns of a session that is gone will not end by themselves. */
  #deleted(sessionKey: string): void {
    for (const run of this.#runs.values().filter((one) => one.sessionKey === sessionKey)) {
      const { runId } = run;
      this.#emit(wireEvent("chat", { sessionKey, runId, state: "aborted", stopReason: "aborted" }));
      this.#end(run);
    }
    this.#changed(sessionKey, "delete");
  }

  #changed(sessionKey: string, reason: PayloadOf<"sessions.changed">["reason"], runId?: string): void {
    this.#emit(wireEvent("sessions.changed", { sessionKey, reason, ...(runId !== undefined && { runId }) }));
  }

  #message(sessionKey: string, stored: StoredEvent): void {
    const message = this.#rowOf(stored);
    if (message) this.#emit(wireEvent("message", { sessionKey, message }));
  }

  /** The turn, from now on followed if it was not; undefined when it has ended, because it ends once. */
  #run(runId: string, sessionKey: string): Run | undefined {
    if (this.#ended.get(runId)) return undefined;
    const known = this.#runs.get(runId);
    if (known) return known;
    const run: Run = { runId, sessionKey, text: "", hasSpoken: false, usage: noUsage };
    this.#runs.set(runId, run);
    const busy = (this.#busy.get(sessionKey) ?? 0) + 1;
    this.#busy.set(sessionKey, busy);
    if (busy === 1) this.#emit(wireEvent("typing", { sessionKey, isTyping: true }));
    return run;
  }

  #end(run: Run): void {
    this.#runs.delete(run.runId);
    this.#ended.set(run.runId, true);
    this.#left(run);
  }

  #left({ sessionKey }: Run): void {
    const busy = (this.#busy.get(sessionKey) ?? 1) - 1;
    if (busy > 0) {
      this.#busy.set(sessionKey, busy);
      return;
    }
    this.#busy.delete(sessionKey);
    this.#emit(wireEvent("typing", { sessionKey, isTyping: false }));
  }
}

function ending(run: Run, timestamp: number, event: EventOf<"AgentResponse">): PayloadOf<"chat"> {
  const { runId, sessionKey, text, usage } = run;
  const { stopReason, problem } = event;
  const isBroken = stopReason === "aborted" || stopReason === "error";
  return {
    sessionKey,
    runId,
    state: isBroken ? stopReason : "final",
    ...(text !== "" && { message: { role: "assistant", content: [{ type: "text", text }], timestamp } }),
    ...(problem && { errorMessage: problem.message }),
    stopReason,
    usage,
  };
}
