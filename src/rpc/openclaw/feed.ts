import { type Log, Lru } from "#base";
import type { ConnectionInfo } from "../connection.ts";
import type { Interests } from "../interests.ts";
import { presenceOf } from "../presence.ts";
import type { Services } from "../services.ts";
import type { PayloadOf, WireEvent } from "../wire-events.ts";
import { events, type EventName, type OpenClawEvent, type StateVersion } from "./events.ts";
import { healthEvent, HealthNews } from "./health-news.ts";
import { agentOf } from "../session-key.ts";
import { liveRowOf, rowOf } from "./rows.ts";
import { followsSessions, RunStory } from "./run-story.ts";

const runsKept = 1_000;

interface FeedOptions {
  readonly services: Services;
  readonly log: Log;
  readonly tell: (event: OpenClawEvent) => void;
  /** Is anyone there who speaks this dialect? */
  readonly isHeard: () => boolean;
  readonly connections: (newest?: number) => readonly ConnectionInfo[];
}

/** Translates what is told to everyone into the events of this dialect, which differ in more than their names. */
export class OpenClawFeed {
  readonly #options: FeedOptions;
  readonly #health: HealthNews;
  readonly #runs = new Lru<string, RunStory>({ budget: runsKept, onEvict: (_runId, run) => run.close() });
  #presence = 0;
  #isClosed = false;

  constructor(options: FeedOptions) {
    this.#options = options;
    this.#health = new HealthNews({ ...options, tell: (payload) => this.#healthSeen(payload) });
  }

  get stateVersion(): StateVersion {
    return { presence: this.#presence, health: this.#health.version };
  }

  take(event: WireEvent): void {
    if (!isOfMachines(event)) return this.#translate(event);
    const { name, payload, isDroppable } = event;
    this.#options.tell({ name, scope: events[name], isDroppable, payload });
  }

  #translate(event: Exclude<WireEvent, OfMachines>): void {
    switch (event.name) {
      case "agent.text":
      case "typing":
        return; // `chat` says the first, and nobody asks for the second
      case "agent.thinking":
        return this.#run(event.payload).says("thinking", event.payload.text, this.#options.isHeard());
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
        return this.#tick(event.payload);
    }
  }

  /** Tells nothing any more. */
  close(): void {
    this.#isClosed = true;
    for (const run of this.#runs.values()) run.close();
  }

  #chat(payload: PayloadOf<"chat">): void {
    const run = this.#run(payload);
    if (payload.state === "delta") return run.says("text", payload.deltaText ?? "", this.#options.isHeard());
    run.ends(payload);
    this.#runs.delete(payload.runId);
  }

  #run({ runId, sessionKey }: { readonly runId: string; readonly sessionKey: string }): RunStory {
    const known = this.#runs.get(runId);
    if (known) return known;
    const run = new RunStory(runId, sessionKey, {
      tell: (event) => this.#options.tell(event),
      session: () => liveRowOf(sessionKey, this.#options.services),
    });
    this.#runs.set(runId, run);
    return run;
  }

  /** After what was streamed of it. What belongs to no run is told as one of its own, for those who show runs alone. */
  #message({ sessionKey, message }: PayloadOf<"message">): void {
    const { id: messageId, seq: messageSeq, runId, role, content, timestamp } = message;
    if (runId !== undefined && role !== "user") this.#runs.get(runId)?.settle();
    const agentId = agentOf(sessionKey);
    const follows = (heeded: Interests | undefined) =>
      heeded !== undefined && (heeded.followsSessions || heeded.follows(sessionKey));
    this.#emitRow("session.message", { sessionKey, isFor: follows }, () => ({
      sessionKey,
      agentId,
      messageId,
      messageSeq,
      message: rowOf(message),
      ...(runId !== undefined && { runId }),
    }));
    if (runId !== undefined || role !== "assistant") return;
    const said = { role, content, timestamp };
    this.#emit("chat", { runId: `inject-${messageId}`, sessionKey, agentId, seq: 0, state: "final", message: said });
  }

  #sessionChanged({ sessionKey, reason, runId }: PayloadOf<"sessions.changed">): void {
    const isEnd = reason === "end" || reason === "error";
    const about = isEnd ? { phase: reason, runId } : { reason };
    this.#emitRow(
      "sessions.changed",
      { sessionKey, isFor: followsSessions, ...(isEnd && { endedRun: runId }) },
      () => ({
        sessionKey,
        agentId: agentOf(sessionKey),
        ts: Date.now(),
        ...about,
      }),
    );
  }

  #tick({ time }: PayloadOf<"tick">): void {
    this.#emit("tick", { ts: time });
    if (this.#options.isHeard()) void this.#health.look();
  }

  #healthSeen(payload: object): void {
    if (!this.#isClosed) this.#options.tell({ ...healthEvent, payload, stateVersion: this.stateVersion });
  }

  #presenceChanged(): void {
    this.#presence++;
    if (!this.#options.isHeard()) return;
    const payload = { presence: presenceOf(this.#options.connections) };
    const { stateVersion } = this;
    this.#options.tell({ name: "presence", scope: events.presence, isDroppable: true, payload, stateVersion });
  }

  /** With the row of the session: in a field, and, for older clients, beside it. It is made for the first who is told. */
  #emitRow(
    name: EventName,
    about: {
      readonly sessionKey: string;
      readonly isFor: NonNullable<OpenClawEvent["isFor"]>;
      readonly endedRun?: string | undefined;
    },
    fields: () => object,
  ): void {
    const { services } = this.#options;
    this.#options.tell({
      name,
      scope: events[name],
      isDroppable: false,
      isFor: about.isFor,
      get payload() {
        const session = liveRowOf(about.sessionKey, services, about.endedRun);
        return session ? { ...session, session, ...fields() } : fields();
      },
    });
  }

  #emit(name: EventName, payload: object): void {
    this.#options.tell({ name, scope: events[name], isDroppable: name === "tick", payload });
  }
}

type OfMachines = Extract<WireEvent, { name: `device.${string}` | `node.${string}` }>;

/** These are the same in both dialects. */
function isOfMachines(event: WireEvent): event is OfMachines {
  return event.name.startsWith("device.") || event.name.startsWith("node.");
}
