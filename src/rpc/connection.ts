import { type Static, Type } from "@sinclair/typebox";
import { clip, failPoint } from "#base";
import { type Fault, fault, Scope } from "#protocol";
import type { Credential, Match, Whereabouts } from "./authenticator.ts";
import type { Caller } from "./caller.ts";
import type { Challenge, Dialect, DialectName, Guest, Speaker } from "./dialect.ts";
import type { Inbox, Sender } from "./inbox.ts";
import { Interests } from "./interests.ts";
import type { RpcLimits } from "./limits.ts";
import { type Claim, grantedBy, narrow, noCredential } from "./origin.ts";
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
  dialect: Type.Union([Type.Literal("jsonrpc"), Type.Literal("openclaw")]),
  isAuthenticated: Type.Boolean(),
  role: Type.Union([Type.Literal("operator"), Type.Literal("node")]),
  deviceId: Type.Optional(Type.String({ description: "The device that has signed the connection." })),
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
  readonly limits: RpcLimits;
  readonly inbox: Inbox;
  elapsed(): number;
  /** The dialect of a client, by its first frame. */
  dialectFor(connection: Connection, first: string): Dialect;
  /** What is spoken to a client that has not said anything yet. */
  readonly usualDialect: Dialect;
  /** What a credential opens; undefined without one. Throws `unauthorized` or `lockedOut`. */
  check(credential: Credential, from: Whereabouts): Promise<Match | undefined>;
  /** One set for all who hold the same. */
  shared(scopes: ReadonlySet<Scope>): ReadonlySet<Scope>;
  authenticated(connection: Connection): void;
  left(connection: Connection): void;
}

/** Most are the close codes of RFC 6455, section 7.4.1, and the registry it opened. */
export const closeCode = {
  normal: 1000,
  protocol: 1002,
  policy: 1008,
  tooBig: 1009,
  restart: 1012,
  /** The original's own: what this connection was let in by is gone. */
  shutOut: 4001,
} as const;

const longestClientName = 128;

/** One client on its socket. There are thousands of these, so what is rarely needed is made when it is. */
export class Connection implements Line, Sender, Speaker {
  readonly challenge: Challenge;
  readonly isPage: boolean;
  caller: Caller;
  lastHeardMs: number;
  #dialect: Dialect | undefined;
  #interests: Interests | undefined;
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
    peer: {
      readonly caller: Caller;
      readonly isPage: boolean;
      readonly userAgent?: string;
      readonly challenge: Challenge;
    },
  ) {
    this.#board = board;
    this.#socket = socket;
    this.#client = peer.userAgent === undefined ? undefined : clip(peer.userAgent, longestClientName);
    this.caller = peer.caller;
    this.challenge = peer.challenge;
    this.isPage = peer.isPage;
    this.lastHeardMs = board.elapsed();
  }

  receive(frame: string | Uint8Array): void {
    if (!this.#isOpen) return;
    this.lastHeardMs = this.#board.elapsed();
    const bytes = typeof frame === "string" ? Buffer.byteLength(frame) : frame.byteLength;
    this.#receivedBytes += bytes;
    const isFriend = this.#isFriend;
    const { frameBytes, frameBytesBeforeAuth, inboxBytes, inboxBytesBeforeAuth } = this.#board.limits;
    const most = isFriend ? frameBytes : frameBytesBeforeAuth;
    if (bytes > most) return this.#tooBig(most);
    const text = typeof frame === "string" ? frame : decode(frame);
    if (text === undefined) {
      this.#refuse(fault.parseError({ problem: "the frame is not UTF-8" }));
    } else if (!this.#board.inbox.take(this, text, isFriend ? inboxBytes : inboxBytesBeforeAuth)) {
      this.close(closeCode.policy, "too many frames at once");
    }
  }

  serve(text: string): void {
    this.#dialect ??= this.#board.dialectFor(this, text);
    if (this.#isFriend && !this.#backlog) void this.#answer(this.#dialect, text);
    else this.#receiveInTurn(this.#dialect, text);
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
  tell(outgoing: Outgoing): void {
    if (!this.#isOpen) return;
    const seq = ++this.#seq;
    if (this.#isTooSlow()) return;
    if (
      outgoing.event.isDroppable &&
      this.#isCongested &&
      this.#socket.bufferedBytes() > this.#board.limits.bufferedSoftBytes
    ) {
      this.#skippedEvents++;
      return;
    }
    this.#write(outgoing.frame.head + seq + outgoing.frame.tail);
  }

  say(text: string): void {
    if (this.#isOpen && !this.#isTooSlow()) this.#write(text);
  }

  /** Until the client has been greeted, it is told nothing. */
  get isListening(): boolean {
    return this.#dialect?.isGreeted ?? true;
  }

  get dialectName(): DialectName {
    return this.#dialect?.name ?? "jsonrpc";
  }

  get hasSpoken(): boolean {
    return this.#dialect !== undefined;
  }

  /** What it wants to hear, as far as it has said so. */
  get heeded(): Interests | undefined {
    return this.#interests;
  }

  interests(): Interests {
    this.#interests ??= new Interests();
    return this.#interests;
  }

  listen(interests?: Interests): void {
    this.#interests = interests;
    this.#seq = 0;
  }

  /** Says that the gateway stops, and why, in the words of the dialect. */
  dismiss(reason: string): void {
    this.close(closeCode.restart, this.#dialect?.farewell ?? reason);
  }

  async authenticate(credential: Credential, claim: Claim = {}): Promise<Caller> {
    const match = await this.#board.check(credential, this.caller);
    if (!match && !this.caller.isAuthenticated) throw noCredential();
    const scopes = narrow(grantedBy(match, this.caller), claim.scopes);
    return this.#enter({ ...this.caller, isAuthenticated: true, scopes }, claim.client);
  }

  welcome({ client, ...guest }: Guest): void {
    this.#enter({ ...this.caller, isAuthenticated: true, ...guest }, client);
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
      dialect: this.dialectName,
      isAuthenticated: this.caller.isAuthenticated,
      role: this.caller.role,
      ...(this.caller.deviceId !== undefined && { deviceId: this.caller.deviceId }),
      scopes: [...this.caller.scopes],
      connectedAt: this.challenge.ts,
      ...(this.#client !== undefined && { client: this.#client }),
      receivedBytes: this.#receivedBytes,
      sentBytes: this.#sentBytes,
      skippedEvents: this.#skippedEvents,
    };
  }

  get #isFriend(): boolean {
    return this.caller.isAuthenticated && this.isListening;
  }

  #enter(caller: Caller, client: string | undefined): Caller {
    if (client !== undefined) this.#client = clip(client, longestClientName);
    this.caller = { ...caller, scopes: this.#board.shared(caller.scopes) };
    this.#board.authenticated(this);
    return this.caller;
  }

  async #answer(dialect: Dialect, text: string): Promise<void> {
    const answer = await dialect.answer(text, this);
    failPoint("rpc.answer.begin");
    if (answer !== undefined) this.say(answer);
    failPoint("rpc.answer.said");
    if (this.#refusal) this.close(closeCode.policy, this.#refusal.code);
  }

  #receiveInTurn(dialect: Dialect, text: string): void {
    if (!this.#backlog) {
      this.#backlog = [];
      void this.#answerInTurn(dialect, text);
    } else if (this.#backlog.length < this.#board.limits.strangerBacklog) {
      this.#backlog.push(text);
    } else {
      this.close(closeCode.policy, "too many frames before authentication");
    }
  }

  async #answerInTurn(dialect: Dialect, first: string): Promise<void> {
    for (let text: string | undefined = first; text !== undefined; text = this.#backlog?.shift()) {
      const answered = this.#answer(dialect, text);
      if (!this.#isFriend) await answered;
    }
    this.#backlog = undefined;
  }

  #tooBig(most: number): void {
    this.#refuse(fault.tooLarge({ problem: `A frame holds at most ${most} bytes here` }));
    if (!this.#isFriend) this.close(closeCode.tooBig, "frame too big before authentication");
  }

  #refuse(problem: Fault): void {
    const said = (this.#dialect ?? this.#board.usualDialect).refusal(problem);
    if (said === undefined) this.close(problem.code === "tooLarge" ? closeCode.tooBig : closeCode.policy, "");
    else this.#write(said);
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
