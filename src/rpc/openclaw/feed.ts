import { Lru } from "#base";
import type { ConnectionInfo } from "../connection.ts";
import type { Interests } from "../interests.ts";
import { presenceOf } from "../presence.ts";
import type { PayloadOf, WireEvent } from "../wire-events.ts";
import { events, type EventName, type OpenClawEvent, type StateVersion } from "./events.ts";
import { agentOf, rowOf } from "./rows.ts";
import { RunStory } from "./run-story.ts";

const runsKept = 1_000;

/** Translates what is told to everyone into the events of this dialect, which differ in more than their names. */
export class OpenClawFeed {
  readonly #tell: (event: OpenClawEvent) => void;
  readonly #isHeard: () => boolean;
  readonly #connections: () => readonly ConnectionInfo[];
  readonly #runs = new Lru<string, RunStory>({ budget: runsKept, onEvict: (_runId, run) => run.close() });
  #presence = 0;

  constructor(options: {
    readonly tell: (event: OpenClawEvent) => void;
    /** Is anyone there who speaks this dialect? */
    readonly isHeard: () => boolean;
    readonly connections: () => readonly ConnectionInfo[];
  }) {
    this.#tell = options.tell;
    this.#isHeard = options.isHeard;
    this.#connections = options.connections;
  }

  get stateVersion(): StateVersion {
    return { presence: this.#presence, health: 0 };
  }

  take(event: WireEvent): void {
    if (isOfMachines(event)) this.#emit(event.name, event.payload);
    else this.#translate(event);
  }

  #translate(event: Exclude<WireEvent, OfMachines>): void {
    switch (event.name) {
      case "agent.text":
      case "typing":
        return; // `chat` says the first, and nobody asks for the second
      case "agent.thinking":
        return this.#run(event.payload).says("thinking", event.payload.text, this.#isHeard());
      case "agent.tool.start":
        return this.#run(event.payload).callsTool(event.payload);
      case "agent.tool.result":
        return this.#run(event.payload).toolEnded(event.payload);
      case "chat":
        return this.#chat(event.payload);
      case "message":
        return this.#message(event.payload);
      case "presence":
        return this.#presenceChanged();
      case "sessions.changed":
        return this.#sessionChanged(event.payload);
      case "shutdown":
        return this.#emit("shutdown", { reason: event.payload.reason });
      case "tick":
        return this.#emit("tick", { ts: event.payload.time });
    }
  }

  /** Tells nothing any more. */
  close(): void {
    for (const run of this.#runs.values()) run.close();
  }

  #chat(payload: PayloadOf<"chat">): void {
    const run = this.#run(payload);
    if (payload.state === "delta") return run.says("text", payload.deltaText ?? "", this.#isHeard());
    run.ends(payload);
    this.#runs.delete(payload.runId);
  }

  #run({ runId, sessionKey }: { readonly runId: string; readonly sessionKey: string }): RunStory {
    const known = this.#runs.get(runId);
    if (known) return known;
    const run = new RunStory(runId, sessionKey, (event) => this.#tell(event));
    this.#runs.set(runId, run);
    return run;
  }

  #message({ sessionKey, message }: PayloadOf<"message">): void {
    const { id: messageId, seq: messageSeq, runId } = message;
    const place = { sessionKey, agentId: agentOf(sessionKey), messageId, messageSeq };
    this.#emit(
      "session.message",
      { ...place, message: rowOf(message), ...(runId !== undefined && { runId }) },
      (heeded) => heeded !== undefined && (heeded.followsSessions || heeded.follows(sessionKey)),
    );
  }

  #sessionChanged({ sessionKey, reason, runId }: PayloadOf<"sessions.changed">): void {
    const about = reason === "end" || reason === "error" ? { phase: reason, runId } : { reason };
    const payload = { sessionKey, agentId: agentOf(sessionKey), ts: Date.now(), ...about };
    this.#emit("sessions.changed", payload, (heeded) => heeded?.followsSessions ?? false);
  }

  #presenceChanged(): void {
    this.#presence++;
    if (!this.#isHeard()) return;
    const payload = { presence: presenceOf(this.#connections()) };
    const { stateVersion } = this;
    this.#tell({ name: "presence", scope: events.presence, isDroppable: true, payload, stateVersion });
  }

  #emit(name: EventName, payload: object, isFor?: (heeded: Interests | undefined) => boolean): void {
    this.#tell({ name, scope: events[name], isDroppable: name === "tick", payload, ...(isFor && { isFor }) });
  }
}

type OfMachines = Extract<WireEvent, { name: `device.${string}` | `node.${string}` }>;

/** These are the same in both dialects. */
function isOfMachines(event: WireEvent): event is OfMachines {
  return event.name.startsWith("device.") || event.name.startsWith("node.");
}
