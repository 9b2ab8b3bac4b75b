import { parseJson } from "#base";
import { Type, type Static, type TSchema } from "@sinclair/typebox";
import { type TypeCheck, TypeCompiler } from "@sinclair/typebox/compiler";

const text = Type.String();
const maybe = Type.Optional(text);

export const SlackFile = Type.Object({
  id: text,
  name: Type.Optional(Type.Union([text, Type.Null()])),
  mimetype: maybe,
  subtype: maybe,
  size: Type.Optional(Type.Number()),
  url_private_download: maybe,
  url_private: maybe,
});
export type SlackFile = Static<typeof SlackFile>;

export const Content = Type.Object({
  subtype: maybe,
  ts: text,
  thread_ts: maybe,
  parent_user_id: maybe,
  user: maybe,
  bot_id: maybe,
  username: maybe,
  text: maybe,
  blocks: Type.Optional(Type.Array(Type.Unknown())),
  files: Type.Optional(Type.Array(Type.Unknown())),
  edited: Type.Optional(Type.Object({ ts: text })),
});
export type Content = Static<typeof Content>;

export const Message = Type.Composite([
  Type.Object({
    type: Type.Union([Type.Literal("message"), Type.Literal("app_mention")]),
    channel: text,
    channel_type: maybe,
  }),
  Content,
]);
export type Message = Static<typeof Message>;

export const Changed = Type.Object({
  type: Type.Literal("message"),
  subtype: Type.Literal("message_changed"),
  channel: text,
  channel_type: maybe,
  message: Content,
  previous_message: Type.Optional(Type.Object({ text: maybe })),
});
export type Changed = Static<typeof Changed>;

export const Reaction = Type.Object({
  type: Type.Union([Type.Literal("reaction_added"), Type.Literal("reaction_removed")]),
  user: text,
  reaction: text,
  item: Type.Object({ type: Type.Literal("message"), channel: text, ts: text }),
  event_ts: text,
});
export type Reaction = Static<typeof Reaction>;

export const EventBody = Type.Object({ team_id: maybe, event: Type.Object({ type: text }) });

export const Command = Type.Object({
  command: text,
  text: maybe,
  user_id: text,
  user_name: maybe,
  channel_id: text,
  channel_name: maybe,
  team_id: maybe,
  trigger_id: text,
  response_url: maybe,
});
export type Command = Static<typeof Command>;

export const Click = Type.Object({
  type: Type.Literal("block_actions"),
  user: Type.Object({ id: text, name: maybe, username: maybe }),
  team: Type.Optional(Type.Union([Type.Object({ id: text }), Type.Null()])),
  channel: Type.Object({ id: text, name: maybe }),
  message: Type.Object({ ts: text, thread_ts: maybe }),
  actions: Type.Array(Type.Object({ action_id: text, action_ts: text, value: maybe }), { minItems: 1 }),
  response_url: maybe,
});
export type Click = Static<typeof Click>;

export const Envelope = Type.Object({
  type: text,
  envelope_id: text,
  payload: Type.Record(text, Type.Unknown()),
  accepts_response_payload: Type.Optional(Type.Boolean()),
  retry_attempt: Type.Optional(Type.Number()),
  retry_reason: maybe,
});
export type Envelope = Static<typeof Envelope>;

export const Farewell = Type.Object({ type: Type.Literal("disconnect"), reason: maybe });

export const Hello = Type.Object({ type: Type.Literal("hello") });

/** Compiled when first asked for; there are no more than the schemas of this folder. */
const checks = new WeakMap<TSchema, TypeCheck<TSchema>>();

/** The value, when it is what the schema says; more than that may be in it. */
export function as<Schema extends TSchema>(schema: Schema, value: unknown): Static<Schema> | undefined {
  let check = checks.get(schema);
  if (!check) checks.set(schema, (check = TypeCompiler.Compile(schema)));
  return check.Check(value) ? value : undefined;
}

/** The object that a JSON text holds, or undefined. */
export function jsonObject(json: string): Record<string, unknown> | undefined {
  return as(JsonObject, parseJson(json));
}

const JsonObject = Type.Record(text, Type.Unknown());
