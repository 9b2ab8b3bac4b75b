import { join } from "node:path";
import type { PrepareTurn, TurnTools } from "#agent";
import { createLog, systemClock, type Clock } from "#base";
import { channels as allChannels } from "#channels";
import {
  createGateway,
  createInbound,
  type Gateway,
  type House,
  type Inbound,
  type InboundOptions,
  type Line,
  type Lines,
  linesOf,
  type Receipt,
} from "#gateway";
import { type EventOf, fault, type InboundMessage, type SessionEvent } from "#protocol";
import type { ModelEvent, ModelRequest } from "#providers";
import { createScheduler, type Limits } from "#scheduler";
import { createSessions, type SessionNotice, type Sessions } from "#sessions";
import { openSqlite, type Storage } from "#storage";
import { pigeon } from "./fake-channel.ts";
import { says } from "./scripted-provider.ts";
import { until } from "./until.ts";

export const key = "agent:main:main";

/** What the model does when it is asked. */
export type Answer = (request: ModelRequest, signal: AbortSignal) => AsyncIterable<ModelEvent> | Iterable<ModelEvent>;

export interface WalkOptions {
  /** Where the database lies; the same folder again is a restart. */
  readonly folder: string;
  readonly answer?: Answer;
  readonly limits?: Partial<Limits>;
  readonly channels?: readonly Line[];
  /** In place of `channels`, for lines that come and go. */
  readonly lines?: Lines;
  readonly tools?: TurnTools;
  readonly timeoutMs?: number;
  readonly prepareTurn?: PrepareTurn;
  readonly mostBytes?: number;
  readonly clock?: Clock;
  readonly priceOf?: House["priceOf"];
  readonly labelOf?: NonNullable<House["labelOf"]>;
  /** Another one is another gateway on the same storage. */
  readonly instanceId?: string;
  /** What the way in is set with. */
  readonly inbound?: Partial<ReturnType<InboundOptions["settings"]>>;
  readonly readCredential?: InboundOptions["readCredential"];
  readonly hearing?: InboundOptions["hearing"];
  /** What slash commands do; none is known unless told. */
  readonly command?: InboundOptions["command"];
  /** Stands between the walk and the storage. */
  readonly between?: (storage: Storage) => Storage;
}

type Ending = EventOf<"AgentResponse">;

/** The walk over real rooms; only the model and the platforms are a test's own. */
export class Walk implements AsyncDisposable {
  readonly asked: ModelRequest[] = [];
  readonly logged: Record<string, unknown>[] = [];
  readonly notices: SessionNotice[] = [];
  readonly storage: Storage;
  readonly sessions: Sessions;
  readonly gateway: Gateway;
  readonly inbound: Inbound;
  readonly #rooms = new AsyncDisposableStack();
  #isFrozen = false;
  #next = 1;

  constructor(options: WalkOptions) {
    const { folder, answer = echo, channels = [webchat], clock = systemClock } = options;
    const log = createLog({ level: "debug", write: (line) => this.logged.push(JSON.parse(line)) });
    const path = join(folder, "openclaw.db");
    const real = this.#rooms.use(
      openSqlite({ path, log, clock, ...(options.mostBytes !== undefined && { mostBytes: options.mostBytes }) }),
    );
    const { between = (storage: Storage) => storage } = options;
    this.storage = between(freezable(real, () => this.#isFrozen));
    this.sessions = this.#rooms.use(createSessions({ storage: this.storage, log, clock, cacheBytes: 1_000_000 }));
    this.sessions.subscribe((notice) => this.notices.push(notice));
    const scheduler = this.#rooms.use(
      createScheduler({ running: 8, waiting: 256, perLane: 20, ...options.limits }, (error) =>
        log.error("a turn broke in a way it could not record", { error }),
      ),
    );
    const { asked } = this;
    const provider = {
      async *stream(request: ModelRequest, signal: AbortSignal) {
        asked.push(request);
        yield* answer(request, signal);
      },
    };
    const prepareTurn: PrepareTurn = async () => ({
      ready: true,
      model: { provider, providerId: "fake", id: "fake-1", contextWindow: 100_000, maxTokens: 1_000 },
      tools: options.tools ?? noTools,
      system: "",
      maxSteps: 5,
      timeoutMs: options.timeoutMs ?? 60_000,
    });
    const { instanceId = "walk" } = options;
    const { priceOf = () => undefined } = options;
    const rooms = {
      priceOf,
      ...(options.labelOf && { labelOf: options.labelOf }),
      instanceId,
      sessions: this.sessions,
      storage: this.storage,
      scheduler,
      lines: options.lines ?? linesOf(channels),
      log,
      clock,
    };
    this.gateway = this.#rooms.use(
      createGateway({ ...rooms, prepareTurn: options.prepareTurn ?? prepareTurn }, ({ channel, chat }) =>
        channel === "webchat" ? chat : `agent:main:${channel}:default:direct:${chat}`,
      ),
    );
    const settings = {
      bindings: [],
      commands: { ownerAllowFrom: [] },
      messages: { inbound: { debounceMs: 0 }, groupHistory: 20 },
      session: { dmScope: "main" as const, identityLinks: {} },
      ...options.inbound,
    };
    const { command = async () => undefined, hearing, readCredential } = options;
    this.inbound = this.#rooms.use(
      createInbound(rooms, {
        gateway: this.gateway,
        agentId: "main",
        settings: () => settings,
        command,
        ...(readCredential && { readCredential }),
        ...(hearing && { hearing }),
      }),
    );
  }

  /** Says something; the id of the message is the id of its turn. */
  say(text: string, more: Partial<InboundMessage> = {}): Promise<Receipt> {
    const id = more.id ?? `m${this.#next++}`;
    const sessionKey = more.sessionKey ?? key;
    const from = { channel: "webchat", chat: sessionKey };
    return this.gateway.receive({ id, runId: id, sessionKey, from, sender: "u", text, ...more });
  }

  /** The ending of a turn, as soon as it is in the log. */
  ending(runId: string, sessionKey = key): Promise<Ending> {
    return until(`the ending of ${runId}`, async () => (await this.endings(sessionKey)).find((e) => e.runId === runId));
  }

  async endings(sessionKey = key): Promise<Ending[]> {
    const events = await this.log(sessionKey);
    return events.filter((event) => event.kind === "AgentResponse").filter((event) => event.stopReason !== "toolUse");
  }

  async log(sessionKey = key): Promise<SessionEvent[]> {
    return (await Array.fromAsync(this.sessions.events(sessionKey))).map((stored) => stored.event);
  }

  /** Takes up what a crash left; resolves when all of it goes on or has ended. */
  async recovered(): Promise<{ readonly resumed: number; readonly ended: number }> {
    return (await this.gateway.recover()).done;
  }

  /** From now on nothing reaches the disk any more: what the next start finds is what a kill would have left. */
  freeze(): void {
    this.#isFrozen = true;
  }

  /** Resolves once the model has been asked so often. */
  async wasAsked(count: number): Promise<void> {
    await until(`call ${count} of the model`, () => this.asked.length >= count);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#rooms.disposeAsync();
  }
}

function freezable(storage: Storage, isFrozen: () => boolean): Storage {
  return over(storage, {
    append: async (append) => {
      if (isFrozen()) throw fault.storageUnavailable({ problem: "it is frozen" });
      return storage.append(append);
    },
  });
}

/** The same storage with some of its methods replaced. */
export function over(storage: Storage, changed: Partial<Storage>): Storage {
  return new Proxy(storage, {
    get(target, name) {
      const own: unknown = Reflect.get(changed, name);
      const found: unknown = own ?? Reflect.get(target, name);
      return typeof found === "function" ? found.bind(own ? changed : target) : found;
    },
  });
}

export const noTools: TurnTools = {
  specs: [],
  effectOf: () => "once",
  run: async () => ({ text: "there are no tools", failed: true, durationMs: 0 }),
};

/** The channel whose people follow the log. */
export const webchat: Line = {
  channel: allChannels.find(({ id }) => id === "webchat") ?? pigeon,
  account: "default",
  settings: {},
  connection: {
    state: "online",
    send: async () => ({ messageId: Bun.randomUUIDv7() }),
    [Symbol.asyncDispose]: async () => {},
  },
};

export function lastText(request: ModelRequest | undefined): string {
  return request?.messages.at(-1)?.text ?? "";
}

/** What the conversation held that the model was shown, as short lines. */
export function shown(request: ModelRequest | undefined): string[] {
  return (request?.messages ?? []).map(({ role, text }) => `${role}: ${text}`);
}

export function echo(request: ModelRequest): ModelEvent[] {
  return says(`echo ${lastText(request)}`);
}

/** Says `first`, then nothing more until it is told to stop. */
export async function* sayAndHang(first: string, signal: AbortSignal): AsyncGenerator<ModelEvent> {
  yield { type: "text", delta: first };
  await aborted(signal);
}

export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** Answers in its own time: a text that names a gate waits until the gate is opened, or the turn is stopped. */
export class Gates {
  readonly #gates = new Map<string, PromiseWithResolvers<void>>();

  open(text: string): void {
    this.#gate(text).resolve();
  }

  readonly answer: Answer = (request, signal) => this.#held(request, signal);

  async *#held(request: ModelRequest, signal: AbortSignal): AsyncGenerator<ModelEvent> {
    const text = lastText(request);
    await Promise.race([this.#gate(text).promise, aborted(signal)]);
    if (!signal.aborted) yield* says(`echo ${text}`);
  }

  #gate(text: string): PromiseWithResolvers<void> {
    const known = this.#gates.get(text);
    if (known) return known;
    const made = Promise.withResolvers<void>();
    this.#gates.set(text, made);
    return made;
  }
}
