import type { DeviceRole } from "#devices";
import type { Fault, Scope } from "#protocol";
import type { Interests } from "./interests.ts";
import type { Origin } from "./origin.ts";

export type DialectName = "jsonrpc" | "openclaw";

/** How a client and we talk. Shared by all connections where it keeps nothing, else there is one for each. */
export interface Dialect {
  readonly name: DialectName;
  /** Until then frames are taken one by one, and no event is told. */
  readonly isGreeted: boolean;
  /** What is said in the close frame when the gateway stops; where it is not given, why it stops. */
  readonly farewell?: string;
  /** A frame of the client to its answer; undefined when it wants none. Never rejects. */
  answer(text: string, origin: Origin): Promise<string | undefined>;
  /** What is said to a frame that was not read; undefined where the connection just ends. */
  refusal(problem: Fault): string | undefined;
}

/** A connection, as a dialect that keeps something for each sees it. */
export interface Speaker extends Origin {
  /** A page of ours, or of an origin that is allowed: it was checked when the socket was opened. */
  readonly isPage: boolean;
  /** What the client was asked to sign, once, when the socket was opened. */
  readonly challenge: Challenge;
  /** What this connection wants to hear, kept with it from now on; nothing beyond what everyone is told where it is not given. */
  listen(interests?: Interests): void;
  /** It is known who this is, and what it may do. */
  welcome(guest: Guest): void;
  say(text: string): void;
  close(code: number, reason: string): void;
}

/** Somebody who was let in, by whatever proof. */
export interface Guest {
  readonly role: DeviceRole;
  readonly scopes: ReadonlySet<Scope>;
  readonly deviceId?: string;
  /** What it calls itself. */
  readonly client: string;
}

export interface Challenge {
  readonly nonce: string;
  /** Milliseconds since 1970. */
  readonly ts: number;
}
