import type { Address } from "#protocol";
import type { Place, Update } from "../update.ts";
import { attachmentsOf, type FetchFile } from "./attachments.ts";
import { commandOf } from "./command.ts";
import type { Chat, Incoming, Message, Pressed, Reacted, Reaction } from "./incoming.ts";
import { isToUs, type Me, quotedIn, withoutMention } from "./mention.ts";
import { saidIn } from "./said.ts";
import { chatAsSender, personOf } from "./sender.ts";
import { markdownOf } from "./text.ts";

/** What an update is read with. */
export interface View {
  readonly account: string;
  readonly me: Me;
  readonly fetchFile: FetchFile;
  now(): number;
}

/** What an update of Telegram says to us. */
export function toUpdates(incoming: Incoming, view: View): readonly Update[] {
  const id = String(incoming.update_id);
  const message = incoming.message ?? incoming.channel_post;
  if (message) return told(id, message, view);
  const edited = incoming.edited_message ?? incoming.edited_channel_post;
  if (edited) return rewritten(id, edited, view);
  if (incoming.callback_query) return pressed(id, incoming.callback_query, view);
  if (incoming.message_reaction) return reacted(id, incoming.message_reaction, view);
  return [];
}

function told(id: string, message: Message, view: View): readonly Update[] {
  const about = aboutMessage(id, message, view);
  const command = commandOf(message, view.me);
  if (!about || command === "forAnother") return [];
  if (command) return [{ ...about, type: "command", ...command }];
  const attachments = attachmentsOf(message, view.fetchFile);
  const said = saidIn(message);
  // Somebody came, a title was changed: nobody said anything.
  if (said.text === "" && attachments.length === 0) return [];
  const { text, entities } = withoutMention(said, view.me);
  const quoted = quotedIn(message, view.me);
  return [
    {
      ...about,
      type: "message",
      messageId: String(message.message_id),
      text: markdownOf(text, entities),
      attachments,
      ...(quoted ? { quoted } : {}),
      isToUs: isToUs(message, view.me),
      ...(message.media_group_id === undefined ? {} : { bundle: message.media_group_id }),
    },
  ];
}

function rewritten(id: string, message: Message, view: View): readonly Update[] {
  const about = aboutMessage(id, message, view);
  const said = saidIn(message);
  if (!about || said.text === "") return [];
  const { text, entities } = withoutMention(said, view.me);
  const isOurs = isToUs(message, view.me);
  const messageId = String(message.message_id);
  return [{ ...about, type: "edited", messageId, text: markdownOf(text, entities), isToUs: isOurs }];
}

function pressed(id: string, query: Pressed, view: View): readonly Update[] {
  const { data, from, message } = query;
  if (data === undefined || !message) return [];
  const about = {
    id,
    at: view.now(),
    from: addressOf(message, view),
    place: placeOf(message.chat),
    sender: personOf(from),
  };
  return [{ ...about, type: "button", messageId: String(message.message_id), data }];
}

/** Telegram says what a person's reactions were and what they are: one update for each that came or went. */
function reacted(id: string, change: Reacted, view: View): readonly Update[] {
  const { actor_chat: actor, chat, date, user } = change;
  const sender = actor ? chatAsSender(actor) : user && personOf(user);
  if (!sender || sender.id === String(view.me.id)) return [];
  const before = new Set(change.old_reaction.map(nameOf));
  const after = new Set(change.new_reaction.map(nameOf));
  const changes = [
    ...[...before.difference(after)].map((emoji) => ({ emoji, isAdded: false })),
    ...[...after.difference(before)].map((emoji) => ({ emoji, isAdded: true })),
  ];
  const about = { at: date * 1_000, from: addressOf({ chat }, view), place: placeOf(chat), sender };
  const messageId = String(change.message_id);
  return changes.map((one, i) => ({ ...about, id: i === 0 ? id : `${id}.${i}`, type: "reaction", messageId, ...one }));
}

function aboutMessage(id: string, message: Message, view: View) {
  const { chat, date, from, sender_chat: inNameOf } = message;
  const sender = inNameOf ? chatAsSender(inNameOf) : from && personOf(from);
  if (!sender || sender.id === String(view.me.id)) return undefined;
  return { id, at: date * 1_000, from: addressOf(message, view), place: placeOf(chat), sender };
}

/** Outside of forums the thread is only the chain of answers, which is no place to write to. */
function addressOf(
  at: { readonly chat: Chat; readonly message_thread_id?: number; readonly is_topic_message?: boolean },
  { account }: View,
): Address {
  const chat = { channel: "telegram", account, chat: String(at.chat.id) };
  return at.is_topic_message && at.message_thread_id !== undefined
    ? { ...chat, thread: String(at.message_thread_id) }
    : chat;
}

const kinds = { private: "direct", group: "group", supergroup: "group", channel: "channel" } as const;

/** The general topic of a forum. What is said in it has no mark of a topic. */
const generalTopic = "1";

function placeOf({ title, type, is_forum: isForum }: Chat): Place {
  return { kind: kinds[type], ...(title !== undefined && { title }), ...(isForum && { mainThread: generalTopic }) };
}

function nameOf(reaction: Reaction): string {
  switch (reaction.type) {
    case "emoji":
      return reaction.emoji;
    case "custom_emoji":
      return `custom:${reaction.custom_emoji_id}`;
    case "paid":
      return "⭐";
  }
}
