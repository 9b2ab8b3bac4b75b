import type { Fault } from "#protocol";
import type { Origin } from "./origin.ts";
import type { WireEvent } from "./wire-events.ts";

/** The text of an event around the one thing in it that differs from connection to connection: its number. */
export interface Frame {
  readonly head: string;
  readonly tail: string;
}

/** A way to write calls, answers and events as text. Knows nothing of sockets and keeps nothing. */
export interface Dialect {
  readonly name: "jsonrpc";
  /** A frame of the client to its answer; undefined when it wants none. Never rejects. */
  answer(text: string, origin: Origin): Promise<string | undefined>;
  /** What is said to a frame that was not read. */
  refusal(problem: Fault): string;
  event(event: WireEvent): Frame;
}
