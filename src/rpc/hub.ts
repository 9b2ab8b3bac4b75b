import { type Clock, Lru, newId } from "#base";
import { fault, type Scope } from "#protocol";
import type { DeviceRole } from "#devices";
import type { Authenticator, Credential, Match, Whereabouts } from "./authenticator.ts";
import type { Caller } from "./caller.ts";
import { closeCode, Connection, type ConnectionInfo, type Socket, type Switchboard } from "./connection.ts";
import type { Dialect, Speaker } from "./dialect.ts";
import { FanOut } from "./fan-out.ts";
import { Inbox } from "./inbox.ts";
import { notification } from "./jsonrpc.ts";
import type { RpcLimits } from "./limits.ts";
import { challengeText, looksLikeOpenClaw } from "./openclaw/challenge.ts";
import { eventFrame } from "./openclaw/frame.ts";
import type { OpenClawEvent } from "./openclaw/events.ts";
import { Strangers } from "./strangers.ts";
import { type WireEvent, wireEvent } from "./wire-events.ts";

const scopeSetsKept = 64;

/** Who is at the other end of a new socket. */
export interface Peer {
  /** As it was authenticated by what came with the upgrade. */
  readonly caller: Caller;
  /** It brought a token with the upgrade. */
  readonly hasToken: boolean;
  /** A page of ours, or of an origin that is allowed. */
  readonly isPage: boolean;
  readonly userAgent?: string;
}

/** All connections: who is there, who is told what. Its timers run only while somebody is. */
export class Hub implements Switchboard {
  readonly usualDialect: Dialect;
  readonly limits: RpcLimits;
  readonly #openClaw: (speaker: Speaker) => Dialect;
  readonly #onEvent: (event: WireEvent) => void;
  readonly #onDeviceLeft: (deviceId: string) => void;
  readonly inbox: Inbox;
  readonly #authenticator: Authenticator;
  readonly #clock: Clock;
  readonly #all = new Set<Connection>();
  /** Those who have authenticated, by what they speak. */
  readonly #friends = { jsonrpc: new Set<Connection>(), openclaw: new Set<Connection>() } as const;
  readonly #strangers: Strangers;
  readonly #fanOut: FanOut<WireEvent>;
  readonly #openClawFanOut: FanOut<OpenClawEvent>;
  /** A set for each connection would be a third of what it holds. */
  readonly #scopes = new Lru<string, ReadonlySet<Scope>>({ budget: scopeSetsKept });
  #tick: NodeJS.Timeout | undefined;
  #presence: NodeJS.Timeout | undefined;
  #isClosing = false;

  constructor(options: {
    readonly usualDialect: Dialect;
    readonly openClaw: (speaker: Speaker) => Dialect;
    /** Is told of every event, to translate it into what `tell` takes. */
    readonly onEvent: (event: WireEvent) => void;
    /** A connection of that device is gone. */
    readonly onDeviceLeft: (deviceId: string) => void;
    readonly limits: RpcLimits;
    readonly authenticator: Authenticator;
    readonly clock: Clock;
  }) {
    this.usualDialect = options.usualDialect;
    this.#openClaw = options.openClaw;
    this.#onEvent = options.onEvent;
    this.#onDeviceLeft = options.onDeviceLeft;
    this.limits = options.limits;
    this.#authenticator = options.authenticator;
    this.#clock = options.clock;
    this.inbox = new Inbox({ turnMs: options.limits.turnMs, elapsed: () => options.clock.elapsed() });
    this.#strangers = new Strangers(options.limits, () => options.clock.elapsed());
    this.#fanOut = new FanOut(this.#friends.jsonrpc, options.limits, notification);
    this.#openClawFanOut = new FanOut(this.#friends.openclaw, options.limits, eventFrame);
  }

  /** Throws `tooManyRequests` when it is full, `shuttingDown` when it is over. */
  open(socket: Socket, { caller: { address, ...known }, hasToken, isPage, userAgent }: Peer): Connection {
    if (this.#isClosing) throw fault.shuttingDown({ retryAfterMs: 1_000 });
    if (this.#all.size >= this.limits.connections) {
      throw fault.tooManyRequests({ problem: "There are too many connections", retryAfterMs: 1_000 });
    }
    const caller = { ...known, address, id: newId() };
    if (!caller.isAuthenticated) this.#strangers.makeRoom(address);
    const connection = new Connection(this, socket, {
      caller,
      isPage,
      challenge: { nonce: crypto.randomUUID(), ts: this.#clock.now() },
      ...(userAgent !== undefined && { userAgent }),
    });
    this.#all.add(connection);
    this.#tick ??= setInterval(
      () => this.emit(wireEvent("tick", { time: this.#clock.now() })),
      this.limits.tickMs,
    ).unref();
    if (caller.isAuthenticated) this.authenticated(connection);
    else this.#strangers.enter(connection);
    // The original's clients prove who they are after the upgrade; what brings its token with it waits for no challenge.
    if (!hasToken) connection.say(challengeText(connection.challenge));
    return connection;
  }

  emit(event: WireEvent): void {
    this.#fanOut.send(event);
    this.#onEvent(event);
  }

  /** Tells the clients of the OpenClaw dialect alone. */
  tell(event: OpenClawEvent): void {
    this.#openClawFanOut.send(event);
  }

  get hasOpenClawClients(): boolean {
    return this.#friends.openclaw.size > 0;
  }

  dialectFor(connection: Connection, first: string): Dialect {
    if (!looksLikeOpenClaw(first, this.limits)) return this.usualDialect;
    if (this.#friends.jsonrpc.delete(connection)) this.#friends.openclaw.add(connection);
    return this.#openClaw(connection);
  }

  /** Of many, the newest; all of them where it is not said how many. */
  connections(newest = this.#all.size): readonly ConnectionInfo[] {
    const infos: ConnectionInfo[] = [];
    let skipped = this.#all.size - newest;
    for (const connection of this.#all) {
      if (skipped-- <= 0) infos.push(connection.info);
    }
    return infos;
  }

  /** Tells everyone that it is over, then ends it. */
  close(reason: string): void {
    this.#isClosing = true;
    this.emit(wireEvent("shutdown", { reason }));
    this.#fanOut.flush();
    this.#openClawFanOut.flush();
    for (const connection of this.#all) connection.dismiss(reason);
    clearTimeout(this.#presence);
  }

  elapsed(): number {
    return this.#clock.elapsed();
  }

  check(credential: Credential, from: Whereabouts): Promise<Match | undefined> {
    return this.#authenticator.check(credential, from);
  }

  /** Closes what a device has open, in one role or in all of them; it may be told first what it has just asked for. */
  shutOut({ deviceId, role }: { readonly deviceId: string; readonly role?: DeviceRole }, reason: string): void {
    const open = [...this.#all].filter(
      ({ caller }) => caller.deviceId === deviceId && (role ?? caller.role) === caller.role,
    );
    setImmediate(() => {
      for (const connection of open) connection.close(closeCode.shutOut, reason);
    });
  }

  shared(scopes: ReadonlySet<Scope>): ReadonlySet<Scope> {
    const name = [...scopes].join(" ");
    const known = this.#scopes.get(name) ?? scopes;
    this.#scopes.set(name, known);
    return known;
  }

  authenticated(connection: Connection): void {
    this.#strangers.leave(connection);
    const friends = this.#friends[connection.dialectName];
    // It may have gone while its credential was read.
    if (friends.has(connection) || !this.#all.has(connection)) return;
    friends.add(connection);
    this.#presenceChanged();
  }

  left(connection: Connection): void {
    this.#strangers.leave(connection);
    this.#all.delete(connection);
    const { jsonrpc, openclaw } = this.#friends;
    if (jsonrpc.delete(connection) || openclaw.delete(connection)) this.#presenceChanged();
    const { deviceId } = connection.caller;
    if (deviceId !== undefined) this.#onDeviceLeft(deviceId);
    if (this.#all.size > 0) return;
    clearInterval(this.#tick);
    this.#tick = undefined;
  }

  #presenceChanged(): void {
    if (this.#isClosing) return;
    this.#presence ??= setTimeout(() => {
      this.#presence = undefined;
      const { jsonrpc, openclaw } = this.#friends;
      this.emit(wireEvent("presence", { connections: jsonrpc.size + openclaw.size }));
    }, this.limits.presenceMs).unref();
  }
}
