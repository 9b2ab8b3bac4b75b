import { type Static, Type } from "@sinclair/typebox";
import { clip } from "#base";
import { type Fault, fault, Scope } from "#protocol";
import type { Credential } from "./authenticator.ts";
import type { Caller } from "./caller.ts";
import type { Dialect } from "./dialect.ts";
import type { Inbox, Sender } from "./inbox.ts";
import type { RpcLimits } from "./limits.ts";
import { type Claim, callerOf, narrow, noCredential, type Origin } from "./origin.ts";
import type { Outgoing } from "./outgoing.ts";

/** The other side's line, as the server gives it to us. */
export interface Socket {
  /** How many bytes went out; -1 when they wait in memory; 0 when they were dropped. */
  send(text: string): number;
  bufferedBytes(): number;
  close(code: number, reason: string): void;
}

/** An open socket, from our side. */
export interface Line {
  /** One frame that came in. Never throws, never waits: answers go out when they are ready. */
  receive(frame: string | Uint8Array): void;
  /** The socket can take more again. */
  drained(): void;
  /** The socket is gone; what it asked for is cancelled, what it started goes on. */
  closed(): void;
}

/** A connection as `connections.list` shows it. */
export const ConnectionInfo = Type.Object({
  id: Type.String(),
  address: Type.String(),
  dialect: Type.Literal("jsonrpc"),
  isAuthenticated: Type.Boolean(),
  scopes: Type.Array(Scope),
  connectedAt: Type.Integer({ description: "Milliseconds since 1970." }),
  client: Type.Optional(Type.String({ description: "What the client calls itself." })),
  receivedBytes: Type.Integer(),
  sentBytes: Type.Integer(),
  skippedEvents: Type.Integer({ description: "Left out because the client was slow to read." }),
});
export type ConnectionInfo = Static<typeof ConnectionInfo>;

/** What all connections share, and who is told of their changes. */
export interface Switchboard {
  readonly dialect: Dialect;
  readonly limits: RpcLimits;
  readonly inbox: Inbox;
  elapsed(): number;
  /** The scopes of a credential; undefined without one. Throws `unauthorized` or `lockedOut`. */
  granted(credential: Credential, address: string): Caller["scopes"] | undefined;
  authenticated(connection: Connection): void;
  left(connection: Connection): void;
}

/** The close codes of RFC 6455, section 7.4.1, and the registry it opened. */
export const closeCode = { policy: 1008, tooBig: 1009, restart: 1012 } as const;

const longestClientName = 128;

/** One client on its socket. There are thousands of these, so what is rarely needed is made when it is. */
export class Connection implements Line, Origin, Sender {
  readonly connectedAt: number;
  caller: Caller;
  lastHeardMs: number;
  readonly #board: Switchboard;
  readonly #socket: Socket;
  #client: string | undefined;
  #isOpen = true;
  #isCongested = false;
  #inFlight = 0;
  #seq = 0;
  #receivedBytes = 0;
  #sentBytes = 0;
  #skippedEvents = 0;
  #abort: AbortController | undefined;
  /** Set once a stranger was refused: the connection ends with the answer. */
  #refusal: Fault | undefined;
  /** While a stranger's frame is answered, those behind it wait: the answer may make it a friend. */
  #backlog: string[] | undefined;

  constructor(
    board: Switchboard,
    socket: Socket,
    peer: { readonly caller: Caller; readonly userAgent?: string; readonly at: number },
  ) {
    this.#board = board;
    this.#socket = socket;
    this.#client = peer.userAgent === undefined ? undefined : clip(peer.userAgent, longestClientName);
    this.caller = peer.caller;
    this.connectedAt = peer.at;
    this.lastHeardMs = board.elapsed();
  }

  receive(frame: string | Uint8Array): void {
    if (!this.#isOpen) return;
    this.lastHeardMs = this.#board.elapsed();
    const bytes = typeof frame === "string" ? Buffer.byteLength(frame) : frame.byteLength;
    this.#receivedBytes += bytes;
    const { isAuthenticated } = this.caller;
    const { frameBytes, frameBytesBeforeAuth, inboxBytes, inboxBytesBeforeAuth } = this.#board.limits;
    const most = isAuthenticated ? frameBytes : frameBytesBeforeAuth;
    if (bytes > most) return this.#tooBig(most);
    const text = typeof frame === "string" ? frame : decode(frame);
    if (text === undefined) {
      this.#write(this.#board.dialect.refusal(fault.parseError({ problem: "the frame is not UTF-8" })));
    } else if (!this.#board.inbox.take(this, text, isAuthenticated ? inboxBytes : inboxBytesBeforeAuth)) {
      this.close(closeCode.policy, "too many frames at once");
    }
  }

  serve(text: string): void {
    if (this.caller.isAuthenticated && !this.#backlog) void this.#answer(text);
    else this.#receiveInTurn(text);
  }

  drained(): void {
    this.#isCongested = false;
  }

  closed(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#backlog = undefined;
    this.#board.inbox.drop(this);
    this.#board.left(this);
    this.#abort?.abort();
  }

  /** Ends it from our side. */
  close(code: number, reason: string): void {
    if (!this.#isOpen) return;
    this.#socket.close(code, reason);
    this.closed();
  }

  /** Sends an event, or leaves it out when the client is slow; its number is used up either way, so that the gap shows. */
  tell(event: Outgoing): void {
    if (!this.#isOpen) return;
    const seq = ++this.#seq;
    if (this.#isTooSlow()) return;
    if (event.isDroppable && this.#isCongested && this.#socket.bufferedBytes() > this.#board.limits.bufferedSoftBytes) {
      this.#skippedEvents++;
      return;
    }
    const { head, tail } = event.in(this.#board.dialect);
    this.#write(head + seq + tail);
  }

  authenticate(credential: Credential, claim: Claim = {}): Caller {
    const granted = this.#board.granted(credential, this.caller.address);
    if (!granted && !this.caller.isAuthenticated) throw noCredential();
    if (claim.client !== undefined) this.#client = clip(claim.client, longestClientName);
    const { id, address } = this.caller;
    this.caller = callerOf({ id, address }, narrow(granted ?? this.caller.scopes, claim.scopes));
    this.#board.authenticated(this);
    return this.caller;
  }

  begin(): boolean {
    if (this.#inFlight >= this.#board.limits.callsInFlight) return false;
    this.#inFlight++;
    return true;
  }

  end(): void {
    this.#inFlight--;
  }

  refused(problem: Fault): void {
    if (!this.caller.isAuthenticated) this.#refusal ??= problem;
  }

  get isGone(): boolean {
    return !this.#isOpen;
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (!this.#isOpen) this.#abort.abort();
    return this.#abort.signal;
  }

  get info(): ConnectionInfo {
    return {
      id: this.caller.id,
      address: this.caller.address,
      dialect: this.#board.dialect.name,
      isAuthenticated: this.caller.isAuthenticated,
      scopes: [...this.caller.scopes],
      connectedAt: this.connectedAt,
      ...(this.#client !== undefined && { client: this.#client }),
      receivedBytes: this.#receivedBytes,
      sentBytes: this.#sentBytes,
      skippedEvents: this.#skippedEvents,
    };
  }

  async #answer(text: string): Promise<void> {
    const answer = await this.#board.dialect.answer(text, this);
    if (!this.#isOpen) return;
    if (answer !== undefined && !this.#isTooSlow()) this.#write(answer);
    if (this.#refusal) this.close(closeCode.policy, this.#refusal.code);
  }

  #receiveInTurn(text: string): void {
    if (!this.#backlog) {
      this.#backlog = [];
      void this.#answerInTurn(text);
    } else if (this.#backlog.length < this.#board.limits.strangerBacklog) {
      this.#backlog.push(text);
    } else {
      this.close(closeCode.policy, "too many frames before authentication");
    }
  }

  async #answerInTurn(first: string): Promise<void> {
    for (let text: string | undefined = first; text !== undefined; text = this.#backlog?.shift()) {
      const answered = this.#answer(text);
      if (!this.caller.isAuthenticated) await answered;
    }
    this.#backlog = undefined;
  }

  #tooBig(most: number): void {
    const problem = fault.tooLarge({ problem: `A frame holds at most ${most} bytes here` });
    this.#write(this.#board.dialect.refusal(problem));
    if (!this.caller.isAuthenticated) this.close(closeCode.tooBig, "frame too big before authentication");
  }

  /** Who lets more than the hard limit pile up is cut off: memory is not theirs to fill. */
  #isTooSlow(): boolean {
    if (!this.#isCongested || this.#socket.bufferedBytes() <= this.#board.limits.bufferedHardBytes) return false;
    this.close(closeCode.policy, "slow consumer");
    return true;
  }

  #write(text: string): void {
    const sent = this.#socket.send(text);
    if (sent === 0) return this.close(closeCode.policy, "slow consumer");
    if (sent < 0) this.#isCongested = true;
    this.#sentBytes += sent > 0 ? sent : text.length;
  }
}

function decode(frame: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(frame);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}
