import { type Static, type TSchema, Type } from "@sinclair/typebox";

/*
 * A transcript as a file: JSON Lines, in the form of the original's (version 3). The first line is a header; each line
 * after it is an entry with an id and the id of the entry that it follows, so that a file can hold several branches.
 * What our events say beyond that form stands under `openclaw`, which other readers leave alone.
 */

export const fileVersion = 3;

export const Header = Type.Object({
  type: Type.Literal("session"),
  version: Type.Optional(Type.Integer()),
  id: Type.String({ pattern: "^[\\w-]{1,64}$" }),
  timestamp: Type.String(),
  openclaw: Type.Optional(Type.Object({ key: Type.String() })),
});
export type Header = Static<typeof Header>;

/** What every entry has. Files of version 1 have neither id. */
export const Entry = Type.Object({
  type: Type.String({ minLength: 1, maxLength: 64 }),
  id: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
  parentId: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  timestamp: Type.Optional(Type.String()),
});
export type Entry = Static<typeof Entry> & Readonly<Record<string, unknown>>;

export const TextBlock = Type.Object({ type: Type.Literal("text"), text: Type.String() });
const Block = Type.Object({ type: Type.String() });
const Content = Type.Union([Type.String(), Type.Array(Block)]);

export const UserMessage = Type.Object({ role: Type.Literal("user"), content: Content });

export const AssistantMessage = Type.Object({
  role: Type.Literal("assistant"),
  content: Content,
  provider: Type.Optional(Type.String()),
  model: Type.Optional(Type.String()),
  usage: Type.Optional(Type.Unknown()),
  stopReason: Type.Optional(Type.String()),
  errorMessage: Type.Optional(Type.String()),
});

export const ToolResultMessage = Type.Object({
  role: Type.Literal("toolResult"),
  toolCallId: Type.String(),
  toolName: Type.String(),
  content: Content,
  isError: Type.Optional(Type.Boolean()),
});

export const ThinkingBlock = Type.Object({ type: Type.Literal("thinking"), thinking: Type.String() });
export const ToolCallBlock = Type.Object({
  type: Type.Literal("toolCall"),
  id: Type.String(),
  name: Type.String(),
  arguments: Type.Unknown(),
});

export function entryOf<Message extends TSchema>(message: Message) {
  return Type.Object({ type: Type.Literal("message"), message });
}

/** The `StateChanged` that keeps an entry which means nothing here, as it was but for its place. */
export const opaqueKey = "transcript.entry";
/** The `custom` entry that keeps an event which the form has no word for. */
export const eventType = "openclaw.event";
/** What an answer is said to come from that was a message of its own. */
export const mirror = { api: "openclaw", provider: "openclaw", model: "delivery-mirror" } as const;
