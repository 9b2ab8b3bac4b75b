import { type Static, Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import type { Update } from "../update.ts";

const id = Type.String({ minLength: 1, maxLength: 256 });
const name = Type.Optional(Type.String({ maxLength: 256 }));

/** What a program posts. */
const Incoming = Type.Object({
  /** The same when it is posted again. */
  id,
  chat: id,
  thread: Type.Optional(id),
  sender: Type.Union([id, Type.Object({ id, name, isBot: Type.Optional(Type.Boolean()) })]),
  text: Type.String(),
  /** Milliseconds since 1970. */
  at: Type.Optional(Type.Integer({ minimum: 0 })),
  kind: Type.Optional(Type.Union([Type.Literal("direct"), Type.Literal("group"), Type.Literal("channel")])),
  isToUs: Type.Optional(Type.Boolean()),
});
type Incoming = Static<typeof Incoming>;

export type ReadMessage = { readonly update: Update } | { readonly problem: string };

export function readMessage(body: Uint8Array, account: string, nowMs: number): ReadMessage {
  const value = parsed(body);
  if (!Value.Check(Incoming, value)) {
    const [first] = Value.Errors(Incoming, value);
    return { problem: first ? `${first.path || "/"}: ${first.message}` : "not JSON" };
  }
  return { update: toUpdate(value, account, nowMs) };
}

function toUpdate(incoming: Incoming, account: string, nowMs: number): Update {
  const { chat, thread, sender, kind = "direct" } = incoming;
  const by = typeof sender === "string" ? { id: sender } : sender;
  return {
    type: "message",
    id: incoming.id,
    messageId: incoming.id,
    at: incoming.at ?? nowMs,
    from: { channel: "webhook", account, chat, ...(thread === undefined ? {} : { thread }) },
    place: { kind },
    sender: { id: by.id, isBot: by.isBot ?? false, ...(by.name === undefined ? {} : { name: by.name }) },
    text: incoming.text,
    attachments: [],
    isToUs: incoming.isToUs ?? true,
  };
}

function parsed(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch (error) {
    // The decoder's complaint is a TypeError.
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
    throw error;
  }
}
