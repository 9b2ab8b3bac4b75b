import type { ServerWebSocket } from "bun";

/** Something that Slack wants to be acknowledged. */
export interface Delivery {
  /** How often it was sent. */
  readonly attempts: number;
  readonly isAcked: boolean;
  /** Which of the attempts were acknowledged, late ones too. */
  readonly acked: readonly number[];
  /** What came with the acknowledgement. */
  readonly answer: unknown;
}

interface Pending {
  attempts: number;
  isAcked: boolean;
  answer: unknown;
  readonly acked: number[];
  readonly type: string;
  readonly payload: object;
  /** Its envelopes, in their order. */
  readonly envelopes: string[];
}

/** Slack's side of Socket Mode: tickets for one socket each, hello, envelopes, and what is not acknowledged comes again. */
export class FakeSocketMode {
  /** Slack's three seconds, shortened. */
  readonly ackMs: number;
  /** Says no hello while it is off. */
  isGreeting = true;
  opened = 0;
  pings = 0;
  readonly #sockets: ServerWebSocket<{ isGreeted: boolean }>[] = [];
  readonly #tickets = new Set<string>();
  readonly #waiting: Pending[] = [];
  readonly #pending = new Set<Pending>();
  readonly #byEnvelope = new Map<string, Pending>();
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();

  constructor(ackMs: number) {
    this.ackMs = ackMs;
  }

  get links(): number {
    return this.#sockets.length;
  }

  get unacknowledged(): number {
    return this.#pending.size;
  }

  ticket(): string {
    const ticket = crypto.randomUUID();
    this.#tickets.add(ticket);
    return ticket;
  }

  /** Each ticket opens one socket. */
  admits(ticket: string | null): boolean {
    return ticket !== null && this.#tickets.delete(ticket);
  }

  readonly handler = {
    open: (socket: ServerWebSocket<{ isGreeted: boolean }>) => {
      this.opened++;
      this.#sockets.push(socket);
      if (!this.isGreeting) return;
      socket.data.isGreeted = true;
      socket.send(JSON.stringify({ type: "hello", num_connections: this.#sockets.length }));
      for (const pending of this.#waiting.splice(0)) this.#send(pending);
    },
    message: (_socket: ServerWebSocket<{ isGreeted: boolean }>, text: string | Buffer) => {
      const { envelope_id, payload } = JSON.parse(String(text)) as { envelope_id: string; payload?: unknown };
      const pending = this.#byEnvelope.get(envelope_id);
      if (!pending) return;
      pending.acked.push(pending.envelopes.indexOf(envelope_id) + 1);
      pending.isAcked = true;
      pending.answer = payload;
      this.#pending.delete(pending);
    },
    ping: () => {
      this.pings++;
    },
    close: (socket: ServerWebSocket<{ isGreeted: boolean }>) => {
      this.#sockets.splice(this.#sockets.indexOf(socket), 1);
    },
  };

  deliver(type: string, payload: object): Delivery {
    const pending: Pending = {
      attempts: 0,
      isAcked: false,
      answer: undefined,
      type,
      payload,
      acked: [],
      envelopes: [],
    };
    this.#pending.add(pending);
    this.#send(pending);
    return pending;
  }

  /** Slack moves to another server: it says so, and closes what is still open a little later. */
  disconnect(reason: string): void {
    for (const socket of this.#sockets) socket.send(JSON.stringify({ type: "disconnect", reason }));
  }

  sendRaw(text: string): void {
    for (const socket of this.#sockets) socket.send(text);
  }

  drop(): void {
    for (const socket of this.#sockets.toReversed()) socket.terminate();
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.drop();
  }

  /** To the newest socket; without one it waits. */
  #send(pending: Pending): void {
    const socket = this.#sockets.findLast(({ data }) => data.isGreeted);
    if (!socket) {
      this.#waiting.push(pending);
      return;
    }
    const envelope_id = crypto.randomUUID();
    pending.envelopes.push(envelope_id);
    this.#byEnvelope.set(envelope_id, pending);
    const retry = pending.attempts === 0 ? {} : { retry_attempt: pending.attempts, retry_reason: "timeout" };
    pending.attempts++;
    socket.send(JSON.stringify({ type: pending.type, envelope_id, payload: pending.payload, ...retry }));
    // Only events come again; people click twice themselves.
    if (pending.type !== "events_api" || pending.attempts > 3) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      if (!pending.isAcked) this.#send(pending);
    }, this.ackMs);
    this.#timers.add(timer);
  }
}
