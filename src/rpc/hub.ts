import { type Clock, newId } from "#base";
import { fault } from "#protocol";
import type { Authenticator, Credential } from "./authenticator.ts";
import type { Caller } from "./caller.ts";
import { closeCode, Connection, type ConnectionInfo, type Socket, type Switchboard } from "./connection.ts";
import type { Dialect } from "./dialect.ts";
import { FanOut } from "./fan-out.ts";
import { Inbox } from "./inbox.ts";
import type { RpcLimits } from "./limits.ts";
import { callerOf } from "./origin.ts";
import { Strangers } from "./strangers.ts";
import { type WireEvent, wireEvent } from "./wire-events.ts";

export interface Peer {
  readonly address: string;
  readonly userAgent?: string;
  readonly credential: Credential;
}

/** All connections: who is there, who is told what. Its timers run only while somebody is. */
export class Hub implements Switchboard {
  readonly dialect: Dialect;
  readonly limits: RpcLimits;
  readonly inbox: Inbox;
  readonly #authenticator: Authenticator;
  readonly #clock: Clock;
  readonly #all = new Set<Connection>();
  readonly #friends = new Set<Connection>();
  readonly #strangers: Strangers;
  readonly #fanOut: FanOut;
  #tick: NodeJS.Timeout | undefined;
  #presence: NodeJS.Timeout | undefined;
  #isClosing = false;

  constructor(options: {
    readonly dialect: Dialect;
    readonly limits: RpcLimits;
    readonly authenticator: Authenticator;
    readonly clock: Clock;
  }) {
    this.dialect = options.dialect;
    this.limits = options.limits;
    this.#authenticator = options.authenticator;
    this.#clock = options.clock;
    this.inbox = new Inbox({ turnMs: options.limits.turnMs, elapsed: () => options.clock.elapsed() });
    this.#strangers = new Strangers(options.limits, () => options.clock.elapsed());
    this.#fanOut = new FanOut(this.#friends, options.limits);
  }

  /** Throws as a credential's check does, `tooManyRequests` when it is full, `shuttingDown` when it is over. */
  open(socket: Socket, { address, userAgent, credential }: Peer): Connection {
    if (this.#isClosing) throw fault.shuttingDown({ retryAfterMs: 1_000 });
    if (this.#all.size >= this.limits.connections) {
      throw fault.tooManyRequests({ problem: "There are too many connections", retryAfterMs: 1_000 });
    }
    const caller = callerOf({ id: newId(), address }, this.granted(credential, address));
    if (!caller.isAuthenticated) this.#strangers.makeRoom(address);
    const connection = new Connection(this, socket, {
      caller,
      at: this.#clock.now(),
      ...(userAgent !== undefined && { userAgent }),
    });
    this.#all.add(connection);
    this.#tick ??= setInterval(
      () => this.emit(wireEvent("tick", { time: this.#clock.now() })),
      this.limits.tickMs,
    ).unref();
    if (caller.isAuthenticated) this.authenticated(connection);
    else this.#strangers.enter(connection);
    return connection;
  }

  emit(event: WireEvent): void {
    this.#fanOut.send(event);
  }

  connections(): readonly ConnectionInfo[] {
    return Array.from(this.#all, (connection) => connection.info);
  }

  /** Tells everyone that it is over, then ends it. */
  close(reason: string): void {
    this.#isClosing = true;
    this.emit(wireEvent("shutdown", { reason }));
    this.#fanOut.flush();
    for (const connection of this.#all) connection.close(closeCode.restart, reason);
    clearTimeout(this.#presence);
  }

  elapsed(): number {
    return this.#clock.elapsed();
  }

  granted(credential: Credential, address: string): Caller["scopes"] | undefined {
    return this.#authenticator.check(credential, address);
  }

  authenticated(connection: Connection): void {
    this.#strangers.leave(connection);
    if (this.#friends.has(connection)) return;
    this.#friends.add(connection);
    this.#presenceChanged();
  }

  left(connection: Connection): void {
    this.#strangers.leave(connection);
    this.#all.delete(connection);
    if (this.#friends.delete(connection)) this.#presenceChanged();
    if (this.#all.size > 0) return;
    clearInterval(this.#tick);
    this.#tick = undefined;
  }

  #presenceChanged(): void {
    if (this.#isClosing) return;
    this.#presence ??= setTimeout(() => {
      this.#presence = undefined;
      this.emit(wireEvent("presence", { connections: this.#friends.size }));
    }, this.limits.presenceMs).unref();
  }
}
