import { type Static, Type } from "@sinclair/typebox";

/** Where a message comes from or goes to: a chat of a channel, seen by one account, perhaps a thread in it. */
export const Address = Type.Object({
  channel: Type.String(),
  account: Type.Optional(Type.String()),
  chat: Type.String(),
  thread: Type.Optional(Type.String()),
});
export type Address = Static<typeof Address>;

/** A file that came with a message. Its bytes are in a blob, which may be gone when its time is over. */
export const MessageFile = Type.Object({
  blob: Type.String({ pattern: "^[0-9a-f]{64}$", description: "The SHA-256 of its bytes, which names the blob." }),
  mimeType: Type.String({ description: "What the bytes are, whatever their sender called them." }),
  bytes: Type.Integer({ minimum: 0 }),
  name: Type.Optional(Type.String({ description: "As its sender called it: one line, and no path to be trusted." })),
});
export type MessageFile = Static<typeof MessageFile>;

/** A message from outside, in the one shape that every channel, RPC call and command line turns it into. */
export interface InboundMessage {
  /** The platform's id of it, or the caller's idempotency key: the same id on the same channel is the same message. */
  readonly id: string;
  /** The platform's id of what brought it, by which a repetition is known, where that is another one. */
  readonly updateId?: string;
  /** Names the turn that answers it. */
  readonly runId: string;
  readonly sessionKey: string;
  readonly from: Address;
  readonly sender: string;
  readonly text: string;
  /** Those that could be had; what came of the others is said in `text`, which names these too. */
  readonly files?: readonly MessageFile[];
}
