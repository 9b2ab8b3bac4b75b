import { type Static, type TSchema, Type } from "@sinclair/typebox";
import { TypeCompiler } from "@sinclair/typebox/compiler";

// Only what is read. Telegram adds fields with every version of its API.
const Maybe = <Schema extends TSchema>(schema: Schema) => Type.Optional(schema);
const Id = Type.Integer();
const Text = Type.String();

const User = Type.Object({
  id: Id,
  is_bot: Type.Boolean(),
  first_name: Text,
  last_name: Maybe(Text),
  username: Maybe(Text),
});
export type User = Static<typeof User>;

const Chat = Type.Object({
  id: Id,
  type: Type.Union([
    Type.Literal("private"),
    Type.Literal("group"),
    Type.Literal("supergroup"),
    Type.Literal("channel"),
  ]),
  title: Maybe(Text),
  username: Maybe(Text),
  is_forum: Maybe(Type.Boolean()),
});
export type Chat = Static<typeof Chat>;

const Entity = Type.Object({
  type: Text,
  offset: Type.Integer({ minimum: 0 }),
  length: Type.Integer({ minimum: 0 }),
  url: Maybe(Text),
  language: Maybe(Text),
  user: Maybe(User),
});
export type Entity = Static<typeof Entity>;

const FileOf = Type.Object({
  file_id: Text,
  file_size: Maybe(Type.Integer()),
  file_name: Maybe(Text),
  mime_type: Maybe(Text),
});
export type FileOf = Static<typeof FileOf>;

const Sticker = Type.Object({
  file_id: Text,
  file_size: Maybe(Type.Integer()),
  emoji: Maybe(Text),
  is_animated: Type.Boolean(),
  is_video: Type.Boolean(),
});

const said = {
  message_id: Id,
  date: Type.Integer(),
  chat: Chat,
  from: Maybe(User),
  /** In whose name it was written, when that is a chat: `from` is then a stand-in that many share. */
  sender_chat: Maybe(Chat),
  message_thread_id: Maybe(Id),
  is_topic_message: Maybe(Type.Boolean()),
  text: Maybe(Text),
  entities: Maybe(Type.Array(Entity)),
  caption: Maybe(Text),
  caption_entities: Maybe(Type.Array(Entity)),
  quote: Maybe(Type.Object({ text: Text, entities: Maybe(Type.Array(Entity)) })),
  media_group_id: Maybe(Text),
  forward_origin: Maybe(Type.Object({})),
  photo: Maybe(Type.Array(FileOf, { minItems: 1 })),
  document: Maybe(FileOf),
  animation: Maybe(FileOf),
  audio: Maybe(FileOf),
  video: Maybe(FileOf),
  video_note: Maybe(FileOf),
  voice: Maybe(FileOf),
  sticker: Maybe(Sticker),
  location: Maybe(Type.Object({ latitude: Type.Number(), longitude: Type.Number() })),
  venue: Maybe(Type.Object({ title: Text, address: Text })),
  contact: Maybe(Type.Object({ first_name: Text, last_name: Maybe(Text), phone_number: Text })),
  poll: Maybe(Type.Object({ question: Text, options: Type.Array(Type.Object({ text: Text })) })),
  dice: Maybe(Type.Object({ emoji: Text, value: Type.Integer() })),
  migrate_to_chat_id: Maybe(Id),
};
const Answered = Type.Object(said);
const Message = Type.Object({ ...said, reply_to_message: Maybe(Answered) });
export type Message = Static<typeof Message>;

const Reaction = Type.Union([
  Type.Object({ type: Type.Literal("emoji"), emoji: Text }),
  Type.Object({ type: Type.Literal("custom_emoji"), custom_emoji_id: Text }),
  Type.Object({ type: Type.Literal("paid") }),
]);
export type Reaction = Static<typeof Reaction>;

const Reacted = Type.Object({
  chat: Chat,
  message_id: Id,
  user: Maybe(User),
  actor_chat: Maybe(Chat),
  date: Type.Integer(),
  old_reaction: Type.Array(Reaction),
  new_reaction: Type.Array(Reaction),
});
export type Reacted = Static<typeof Reacted>;

const Pressed = Type.Object({
  id: Text,
  from: User,
  data: Maybe(Text),
  /** Absent below a message that was sent through the bot into a chat that it is not in. */
  message: Maybe(
    Type.Object({
      message_id: Id,
      chat: Chat,
      message_thread_id: Maybe(Id),
      is_topic_message: Maybe(Type.Boolean()),
    }),
  ),
});
export type Pressed = Static<typeof Pressed>;

const Numbered = Type.Object({ update_id: Id });

export const Incoming = Type.Object({
  update_id: Id,
  message: Maybe(Message),
  edited_message: Maybe(Message),
  channel_post: Maybe(Message),
  edited_channel_post: Maybe(Message),
  callback_query: Maybe(Pressed),
  message_reaction: Maybe(Reacted),
});
export type Incoming = Static<typeof Incoming>;

/** The kinds that are read. Reactions come to those who ask for them by name alone. */
export const wantedUpdates = [
  "message",
  "edited_message",
  "channel_post",
  "edited_channel_post",
  "callback_query",
  "message_reaction",
] as const satisfies readonly (keyof Incoming)[];

const incoming = TypeCompiler.Compile(Incoming);
const numbered = TypeCompiler.Compile(Numbered);

export type Checked =
  | { readonly isGood: true; readonly incoming: Incoming }
  /** `id` is missing when not even that could be read. `problem` names the place and repeats nothing of the content. */
  | { readonly isGood: false; readonly id?: number; readonly problem: string };

export function checkIncoming(raw: unknown): Checked {
  if (incoming.Check(raw)) return { isGood: true, incoming: raw };
  const first = incoming.Errors(raw).First();
  const problem = first ? `${first.path}: ${first.message}` : "it is no update";
  return numbered.Check(raw) ? { isGood: false, id: raw.update_id, problem } : { isGood: false, problem };
}
