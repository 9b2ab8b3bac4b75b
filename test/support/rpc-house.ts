import { type Clock, Secret, silentLog, type Log } from "#base";
import type { Config } from "#config";
import type { Gateway, Receipt } from "#gateway";
import {
  type InboundMessage,
  noUsage,
  ownAnswer,
  type SessionEvent,
  type StoredEvent,
  type TranscriptRow,
  allScopes,
  fault,
} from "#protocol";
import {
  type AuthSettings,
  type Caller,
  createRpc,
  type Peer,
  type Rpc,
  type RpcLimits,
  type Services,
  type Socket,
} from "#rpc";
import { addressGroup, loopback } from "../../src/rpc/address.ts";
import { DeviceHouse } from "./device-house.ts";
import type { SessionNotice, Sessions, SessionState } from "#sessions";

export const rightToken = "a-token-that-is-long-enough-to-be-one";

/** Time that stands still until it is moved. */
export class HeldClock implements Clock {
  ms = 1_000_000;
  now = () => 1_700_000_000_000 + this.ms;
  elapsed = () => this.ms;
}

/** The rooms below RPC, in memory: sessions keep events and tell of them, the gateway takes messages and remembers their ids. */
export class House {
  readonly clock = new HeldClock();
  readonly log = new Map<string, StoredEvent[]>();
  readonly taken = new Map<
    string,
    { message: InboundMessage; status: "queued" | "running" | "ok" | "aborted" | "error" }
  >();
  readonly sent: { channel: string; chat: string; text: string }[] = [];
  readonly patches: unknown[] = [];
  readonly settings = new Map<string, SessionState["summary"]["settings"]>();
  readonly listeners = new Set<(notice: SessionNotice) => void>();
  #devices: DeviceHouse | undefined;
  /** When set, what `receive` answers. */
  refusal: Extract<Receipt, { taken: false }>["because"] | undefined;
  /** When set, what `status` does. */
  status: () => Promise<never> | undefined = () => undefined;

  append(key: string, event: SessionEvent): StoredEvent {
    const events = this.log.get(key) ?? [];
    const stored = {
      id: `${key}-${events.length + 1}`,
      sessionId: `s-${key}`,
      seq: events.length + 1,
      at: 1_000,
      hash: "h",
      event,
    };
    this.log.set(key, [...events, stored]);
    this.notice({ type: "appended", key, agentId: "main", events: [stored] });
    return stored;
  }

  notice(notice: SessionNotice): void {
    for (const listener of this.listeners) listener(notice);
  }

  /** On a database of their own, which is there once somebody asks for them. */
  get devices(): DeviceHouse {
    this.#devices ??= new DeviceHouse();
    return this.#devices;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#devices?.[Symbol.asyncDispose]();
  }

  /** Nobody waits, and nobody was let in. */
  readonly inbound: Services["inbound"] = {
    pairing: {
      list: async () => [],
      allowed: async () => [],
      approve: async (_channel, code) => Promise.reject(fault.pairingNotFound({ request: code })),
      approveAndTell: async (_channel, code) => Promise.reject(fault.pairingNotFound({ request: code })),
      reject: async (_channel, code) => Promise.reject(fault.pairingNotFound({ request: code })),
      allow: async (who) => ({ ...who, how: "listed", since: 1 }),
      disallow: async () => false,
    },
    asides: {
      list: async () => [],
      replay: async (id) => Promise.reject(fault.deadLetterNotFound({ id })),
      drop: async (id) => Promise.reject(fault.deadLetterNotFound({ id })),
    },
    activations: { kept: async () => undefined, keep: async () => {} },
    explain: async () => ({
      route: { agentId: "main", action: "agent" },
      sessionKey: "agent:main:main",
      decidedBy: undefined,
      others: [],
    }),
  };

  get services(): Services {
    return {
      entrance: () => ({ url: "ws://127.0.0.1:18789/", auth: "token" }),
      devices: async () => this.devices.devices,
      version: "1.2.3",
      agentId: "main",
      agents: () => [{ id: "main", isDefault: true, model: "demo/demo" }],
      gateway: this.#gateway(),
      sessions: this.#sessions(),
      inbound: this.inbound,
      config: this.#config(),
      models: () => [
        {
          id: "demo/demo",
          provider: "demo",
          name: "Demo",
          contextWindow: 8_000,
          maxTokens: 1_000,
          input: ["text" as const],
          isDefault: true,
        },
      ],
      modelProviders: () => ["demo"],
      channels: () => [{ id: "webchat", label: "Web chat", state: "online" }],
      accounts: {
        probe: async () => ({ ok: false, problem: "It is not open.", tookMs: 0 }),
        restart: async ({ channel }) => Promise.reject(fault.accountNotFound({ channel, account: "any" })),
        start: async ({ channel }) => Promise.reject(fault.accountNotFound({ channel, account: "any" })),
        stop: async ({ channel }) => Promise.reject(fault.accountNotFound({ channel, account: "any" })),
        tokenPaths: () => [],
      },
      health: async () => ({ status: "healthy", ok: true, components: { gateway: "healthy" }, reasons: {} }),
      status: async () =>
        (await this.status()) ?? {
          version: "1.2.3",
          pid: 1,
          startedAt: 1,
          uptimeMs: 1,
          model: "demo/demo",
          sandbox: { backend: "none", canRun: false, because: "there is none" },
          storage: { backend: "memory", ok: true },
          turns: { running: 0, waiting: 0 },
          memory: { rssBytes: 1 },
        },
      tailLog: async () => ({ cursor: 7, size: 7, lines: ["a line"], isTruncated: false, isReset: false }),
      tools: () => [{ name: "clock", description: "Tells the time." }],
      parseSessionKey: (text) =>
        /^[a-z0-9:-]+$/i.test(text)
          ? { ok: true, key: text.toLowerCase() }
          : { ok: false, because: "it is no session key" },
      transcriptRow,
    };
  }

  #gateway(): Gateway {
    const active = () => [...this.taken.values()].filter(({ status }) => status === "queued" || status === "running");
    return {
      sendFile: async () => ({ taken: false, because: "there are no chats here" }),
      openFile: async () => ({ found: false, because: "there are no files here" }),
      post: () => Promise.reject(new Error("RPC posts nothing")),
      relay: () => Promise.reject(new Error("RPC passes nothing on")),
      receive: async (message) => {
        if (this.refusal) return { taken: false, because: this.refusal };
        const earlier = this.taken.get(message.id);
        if (earlier) {
          if (earlier.message.text !== message.text) return { taken: false, because: "conflict" };
          return { taken: true, runId: message.runId, status: earlier.status, isRepeat: true };
        }
        this.taken.set(message.id, { message, status: "queued" });
        const { runId, id, from, sender, text } = message;
        this.append(message.sessionKey, { kind: "MessageReceived", runId, messageId: id, from, sender, text });
        return { taken: true, runId, status: "queued", isRepeat: false };
      },
      holdTicket: () => {},
      keepFiles: async (files) =>
        files.map(({ bytes }) => {
          const blob = Bun.SHA256.hash(bytes, "hex");
          return { file: { blob, mimeType: "image/png", bytes: bytes.length }, line: `[attached: image ${blob}]` };
        }),
      watchPlaces: () => () => {},
      answer: async (message, work) => {
        const text = await work();
        this.taken.set(message.id, { message, status: "ok" });
        const { runId, id, from, sender, sessionKey } = message;
        this.append(sessionKey, { kind: "MessageReceived", runId, messageId: id, from, sender, text: message.text });
        const answer = { runId, text, toolCalls: [], stopReason: "stop" as const, usage: noUsage, ...ownAnswer };
        this.append(sessionKey, { kind: "AgentResponse", ...answer });
        return { taken: true, runId, status: "ok", isRepeat: false };
      },
      abort: async ({ sessionKey, runId }) => {
        const mine = active().filter(
          ({ message }) => message.sessionKey === sessionKey && (runId === undefined || message.runId === runId),
        );
        for (const run of mine) run.status = "aborted";
        return mine.map(({ message }) => message.runId);
      },
      activeRuns: () =>
        active().map(({ message: { runId, sessionKey } }) => ({
          runId,
          sessionKey,
          status: "queued",
          startedAt: 1,
          text: "",
        })),
      resetSession: async (key) => this.log.delete(key),
      deleteSession: async (key) => this.log.delete(key),
      send: async (to, text) => {
        if (to.channel !== "webchat") throw fault.channelNotFound({ channel: to.channel, known: "webchat" });
        this.sent.push({ ...to, text });
        return { messageId: `m${this.sent.length}` };
      },
      recover: async () => ({ owed: 0, done: Promise.resolve({ resumed: 0, ended: 0 }) }),
      at: () => Promise.reject(new Error("nobody looks back here")),
      trace: async () => [],
      outbox: async () => [],
      settleDeadLetter: (id) => Promise.reject(fault.deadLetterNotFound({ id })),
      once: (_request, work) => work(),
      load: () => ({ running: 0, waiting: 0 }),
      drain: async () => {},
      [Symbol.asyncDispose]: async () => {},
    };
  }

  #sessions(): Sessions {
    const { log } = this;
    const state = (key: string): SessionState | undefined => {
      const events = this.log.get(key);
      if (!events) return undefined;
      const settings = this.settings.get(key) ?? {};
      const summary = { settings, usage: noUsage, messageCount: events.length };
      const times = { createdAt: 1, updatedAt: 2 };
      return {
        id: `s-${key}`,
        key,
        agentId: "main",
        ...times,
        headSeq: events.length,
        summary,
        conversation: [],
        conversationUpTo: () => [],
      };
    };
    return {
      state: async (key) => state(key),
      peek: state,
      append: async (key, events) => {
        if (events.length > 0) throw new Error("RPC opens sessions, it appends nothing to them");
        return {
          taken: true,
          events: [this.append(key, { kind: "SessionStarted", key, agentId: "main", channel: "x" })],
        };
      },
      history: async (key, { limit, before = Number.POSITIVE_INFINITY }) => {
        const rows = (this.log.get(key) ?? []).flatMap((stored) => transcriptRow(stored) ?? []);
        const wanted = rows.filter((row) => row.seq < before);
        return { rows: wanted.slice(-limit), hasMore: wanted.length > limit };
      },
      events: async function* (key) {
        yield* log.get(key) ?? [];
      },
      past: () => Promise.reject(new Error("nobody looks back here")),
      transcript: () => Promise.reject(new Error("nobody exports here")),
      takePiece: () => Promise.reject(new Error("nobody imports here")),
      importFile: () => Promise.reject(new Error("nobody imports here")),
      replay: () => Promise.reject(new Error("nobody replays here")),
      list: async ({ limit }) => [...this.log.keys()].slice(0, limit).flatMap((key) => state(key) ?? []),
      patch: async (key, change) => {
        const settings = Object.fromEntries(
          Object.entries({ ...this.settings.get(key), ...change }).filter(([, value]) => value !== null),
        );
        this.settings.set(key, settings);
        const patched = state(key);
        if (!patched) throw fault.sessionNotFound({ key });
        return patched;
      },
      read: async ({ key }, { after = 0, limit }) =>
        (this.log.get(key) ?? []).filter(({ seq }) => seq > after).slice(0, limit),
      damaged: () => [],
      reset: async () => Promise.reject(new Error("the gateway does that")),
      delete: async () => Promise.reject(new Error("the gateway does that")),
      stream: (key, delta) => this.notice({ type: "delta", key, agentId: "main", delta }),
      subscribe: (listener) => {
        this.listeners.add(listener);
        return () => this.listeners.delete(listener);
      },
      run: async (runId) => {
        for (const [key, events] of this.log) {
          const mine = events.filter(({ event }) => "runId" in event && event.runId === runId);
          const [first, last] = [mine[0], mine.at(-1)];
          if (!first || !last) continue;
          const { sessionId, seq } = first;
          const ending = last.event.kind === "AgentResponse" && last.event.stopReason !== "toolUse" && last.event;
          const end = ending && { endedAt: last.at, stopReason: ending.stopReason };
          return { n: seq, runId, sessionId, key, seq, startedAt: first.at, resumed: 0, ...end };
        }
        return undefined;
      },
      [Symbol.asyncDispose]: async () => {},
    };
  }

  #config(): Config<unknown> {
    const view = { gateway: { auth: { token: new Secret("the-configured-token") } } };
    return {
      settings: {},
      file: "openclaw.toml",
      hash: "hash-1",
      warnings: [],
      view: () => view,
      get: (path) => {
        if (path === "gateway.auth.token") return view.gateway.auth.token;
        if (path === "commands.native") return true;
        throw fault.configInvalid({ problem: `There is no setting “${path}”.` });
      },
      explain: () => [],
      schema: () => ({ type: "object" }),
      set: async () => ({ changed: [], restartRequired: [] }),
      unset: async () => ({ changed: [], restartRequired: [] }),
      reload: () => ({ changed: [], restartRequired: [] }),
      subscribe: () => () => undefined,
      patch: async (patch, baseHash) => {
        if (baseHash !== undefined && baseHash !== "hash-1") throw fault.configConflict({});
        this.patches.push(patch);
        return { changed: Object.keys(patch), restartRequired: [] };
      },
    };
  }
}

function transcriptRow({ id, seq, at, event }: StoredEvent): TranscriptRow | undefined {
  if (event.kind !== "MessageReceived" && event.kind !== "AgentResponse") return undefined;
  const content = [{ type: "text" as const, text: event.text }];
  return {
    role: event.kind === "AgentResponse" ? "assistant" : "user",
    content,
    timestamp: at,
    id,
    seq,
    runId: event.runId,
  };
}

/** A socket that keeps what it is sent, the greeting apart; `backlog` is what the other side has not read. */
export class HeldSocket implements Socket {
  readonly texts: string[] = [];
  /** The first frame of all, for who brought no token with the upgrade. */
  challenge = "";
  closed: { code: number; reason: string } | undefined;
  backlog = 0;
  /** What the next sends return: bytes when undefined. */
  sending: 0 | -1 | undefined;

  send(text: string): number {
    if (text.startsWith('{"type":"event","event":"connect.challenge"')) this.challenge = text;
    else if (this.sending !== 0) this.texts.push(text);
    return this.sending ?? text.length;
  }

  bufferedBytes(): number {
    return this.backlog;
  }

  close(code: number, reason: string): void {
    this.closed = { code, reason };
  }

  get frames(): Frame[] {
    return this.texts.map((text) => JSON.parse(text) as Frame);
  }

  events(name: string): Record<string, unknown>[] {
    return this.frames.filter((frame) => frame.method === name).map((frame) => frame.params ?? {});
  }

  answer(id: unknown): Frame | undefined {
    return this.frames.find((frame) => frame.method === undefined && frame.id === id);
  }
}

export interface Frame {
  readonly id?: unknown;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly code: number; readonly message: string; readonly data: Record<string, unknown> };
}

export function openRpc(
  house: House,
  options: {
    limits?: Partial<RpcLimits>;
    mode?: "none";
    log?: Log;
    token?: string;
    auth?: AuthSettings;
    services?: Services;
  } = {},
): Rpc {
  const secret = new Secret(options.token ?? rightToken);
  return createRpc({
    services: options.services ?? house.services,
    auth: options.auth ?? (options.mode === "none" ? { mode: "none" } : { mode: "token", token: () => secret }),
    log: options.log ?? silentLog,
    clock: house.clock,
    limits: { presenceMs: 3_600_000, ...options.limits },
  });
}

/** Who calls, as the server's door hands it over: somebody with the token, or a stranger. */
export function callerFrom(address: string, isIn: boolean): Caller {
  const isLocal = addressGroup(address) === loopback;
  const who = { id: "http", address, ...(isLocal && { isLocal: true as const }) };
  return { ...who, isAuthenticated: isIn, role: "operator", scopes: new Set(isIn ? allScopes : []) };
}

export interface PeerOptions {
  readonly address?: string;
  /** What it brought with the upgrade. */
  readonly token?: string;
  /** The door has let it in, for whatever reason. */
  readonly isIn?: boolean;
  readonly isPage?: boolean;
}

/** What the server's door knows of a new socket. */
export function peer(from: PeerOptions = {}): Peer {
  const { address = "127.0.0.1", token = "", isIn = token === rightToken, isPage = false } = from;
  return { caller: callerFrom(address, isIn), hasToken: token !== "", isPage };
}

export function operator(_rpc: Rpc): { caller: Caller; signal: AbortSignal } {
  return { caller: callerFrom("127.0.0.1", true), signal: new AbortController().signal };
}

export function request(id: unknown, method: string, params?: unknown): string {
  return JSON.stringify({ jsonrpc: "2.0", id, method, params });
}
