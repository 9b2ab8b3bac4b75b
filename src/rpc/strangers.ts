import { fault } from "#protocol";
import { addressGroup, loopback } from "./address.ts";
import { closeCode, type Connection } from "./connection.ts";
import type { RpcLimits } from "./limits.ts";

/**
 * The sockets that have not said who they are. There is room for few of them, fewer of one address, and only for those that
 * are heard of now and then: when it gets tight, the one that has been silent for longest gives way. One timer watches all
 * of them, while there are any.
 */
export class Strangers {
  readonly #limits: RpcLimits;
  readonly #elapsed: () => number;
  readonly #inside = new Map<Connection, string>();
  readonly #perGroup = new Map<string, number>();
  #sweep: NodeJS.Timeout | undefined;

  constructor(limits: RpcLimits, elapsed: () => number) {
    this.#limits = limits;
    this.#elapsed = elapsed;
  }

  /** Throws `tooManyRequests` when there is no room for another one of this address, and nobody can be sent away for it. */
  makeRoom(address: string): void {
    const group = addressGroup(address);
    const most = group === loopback ? this.#limits.strangersOnLoopback : this.#limits.strangersPerAddress;
    if ((this.#perGroup.get(group) ?? 0) >= most) this.#sendAway((other) => other === group);
    if (this.#inside.size >= this.#limits.strangers) this.#sendAway(() => true);
  }

  enter(connection: Connection): void {
    const group = addressGroup(connection.caller.address);
    this.#inside.set(connection, group);
    this.#perGroup.set(group, (this.#perGroup.get(group) ?? 0) + 1);
    this.#sweep ??= setInterval(() => this.#closeIdle(), this.#limits.strangerSweepMs).unref();
  }

  /** False when it was not one of them. */
  leave(connection: Connection): boolean {
    const group = this.#inside.get(connection);
    if (group === undefined) return false;
    this.#inside.delete(connection);
    const left = (this.#perGroup.get(group) ?? 1) - 1;
    if (left > 0) this.#perGroup.set(group, left);
    else this.#perGroup.delete(group);
    if (this.#inside.size === 0) {
      clearInterval(this.#sweep);
      this.#sweep = undefined;
    }
    return true;
  }

  #sendAway(isAmong: (group: string) => boolean): void {
    let silent: Connection | undefined;
    for (const [connection, group] of this.#inside) {
      if (isAmong(group) && connection.lastHeardMs < (silent?.lastHeardMs ?? Number.POSITIVE_INFINITY)) {
        silent = connection;
      }
    }
    const { strangerSpareMs } = this.#limits;
    if (!silent || silent.lastHeardMs > this.#elapsed() - strangerSpareMs) {
      const problem = "Too many connections wait for their authentication";
      throw fault.tooManyRequests({ problem, retryAfterMs: strangerSpareMs });
    }
    silent.close(closeCode.policy, "too many connections wait for their authentication");
  }

  #closeIdle(): void {
    const { strangerIdleMs, strangerIdleOnLoopbackMs } = this.#limits;
    const now = this.#elapsed();
    for (const [connection, group] of this.#inside) {
      const idleMs = group === loopback ? strangerIdleOnLoopbackMs : strangerIdleMs;
      if (connection.lastHeardMs > now - idleMs) continue;
      // Clients of the OpenClaw dialect take this pair, and no other, for a hiccup after which they try again.
      if (!connection.hasSpoken) connection.close(closeCode.normal, "");
      else connection.close(closeCode.policy, "authentication timeout");
    }
  }
}
