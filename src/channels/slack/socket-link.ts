import type { Clock, Log } from "#base";
import { as, Envelope, Farewell, Hello, jsonObject } from "./wire.ts";

export interface LinkTimes {
  /** From the first byte to Slack's hello. */
  readonly helloMs: number;
  readonly pingMs: number;
  /** A socket that says nothing at all for so long is dead. */
  readonly silentMs: number;
  /** How long a socket that Slack leaves may still carry what we owe it. */
  readonly leavingMs: number;
}

export const usualTimes: LinkTimes = { helloMs: 10_000, pingMs: 10_000, silentMs: 30_000, leavingMs: 5_000 };

/** Resolves with what Slack is to be told, or undefined to tell nothing, so that it brings it again. */
export type Handle = (envelope: Envelope) => Promise<{ readonly payload?: unknown } | undefined>;

/** Why a link is no longer to be counted on: Slack is about to close it, or it is closed. */
export type Parting = { readonly reason: string; readonly isOpen: boolean };

/** One socket of Socket Mode: hello, envelopes in, acknowledgements out, until Slack says that it goes or it breaks. */
export class SocketLink implements Disposable {
  /** Resolves when Slack has said hello; false when it did not come to that. */
  readonly greeted: Promise<boolean>;
  /** Never rejects. */
  readonly parted: Promise<Parting>;
  readonly #socket: WebSocket;
  readonly #times: LinkTimes;
  readonly #clock: Clock;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #greet = Promise.withResolvers<boolean>();
  readonly #part = Promise.withResolvers<Parting>();
  readonly #owed = new Set<string>();
  readonly #since: number;
  #heardAt: number;
  #hasGreeted = false;
  #isLeaving = false;

  constructor(options: {
    readonly url: URL;
    readonly times: LinkTimes;
    readonly clock: Clock;
    readonly log: Log;
    readonly handle: Handle;
  }) {
    this.greeted = this.#greet.promise;
    this.parted = this.#part.promise;
    this.#times = options.times;
    this.#clock = options.clock;
    this.#since = options.clock.elapsed();
    this.#heardAt = this.#since;
    this.#socket = new WebSocket(options.url);
    this.#socket.addEventListener("message", ({ data }) => {
      this.#heard();
      if (typeof data === "string") this.#read(data, options);
    });
    for (const sign of ["ping", "pong"]) this.#socket.addEventListener(sign, () => this.#heard());
    this.#socket.addEventListener("close", ({ code }) => this.#ended(`closed with ${code}`));
    this.#socket.addEventListener("error", () => this.#ended("broken"));
    this.#timer = setInterval(() => this.#look(), Math.min(options.times.pingMs, options.times.helloMs));
  }

  /** Another link has taken over: this one goes when what it owes is said. */
  leave(): void {
    this.#isLeaving = true;
    if (this.#owed.size === 0) return this.#socket.close(1000);
    setTimeout(() => this.#socket.close(1000), this.#times.leavingMs).unref();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#socket.terminate();
    this.#ended("let go");
  }

  #read(text: string, { handle, log }: { readonly handle: Handle; readonly log: Log }): void {
    const frame = jsonObject(text);
    if (as(Hello, frame)) {
      this.#hasGreeted = true;
      return this.#greet.resolve(true);
    }
    const farewell = as(Farewell, frame);
    if (farewell) return this.#part.resolve({ reason: farewell.reason ?? "", isOpen: true });
    const envelope = as(Envelope, frame);
    if (!envelope) return log.warn("Slack sent something that is no envelope.", { type: frame?.["type"] });
    this.#owed.add(envelope.envelope_id);
    void this.#answer(envelope, handle);
  }

  async #answer(envelope: Envelope, handle: Handle): Promise<void> {
    const answer = await handle(envelope);
    this.#owed.delete(envelope.envelope_id);
    if (answer && this.#socket.readyState === WebSocket.OPEN) {
      this.#socket.send(JSON.stringify({ envelope_id: envelope.envelope_id, ...answer }));
    }
    if (this.#isLeaving && this.#owed.size === 0) this.#socket.close(1000);
  }

  #heard(): void {
    this.#heardAt = this.#clock.elapsed();
  }

  #look(): void {
    const silentMs = this.#clock.elapsed() - this.#heardAt;
    const ageMs = this.#clock.elapsed() - this.#since;
    if (silentMs >= this.#times.silentMs || (!this.#hasGreeted && ageMs >= this.#times.helloMs)) {
      this.#socket.terminate();
      return this.#ended("silent");
    }
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.ping();
  }

  #ended(reason: string): void {
    clearInterval(this.#timer);
    this.#greet.resolve(false);
    this.#part.resolve({ reason, isOpen: false });
  }
}
