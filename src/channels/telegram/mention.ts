import type { Quoted } from "../update.ts";
import type { Entity, Message } from "./incoming.ts";
import { type Said, saidIn } from "./said.ts";
import { chatAsSender, personOf } from "./sender.ts";
import { markdownOf } from "./text.ts";

/** Who we are to Telegram. */
export interface Me {
  readonly id: number;
  readonly username: string;
}

/** Telegram names us, or it answers a message of ours. */
export function isToUs(message: Message, me: Me): boolean {
  const said = saidIn(message);
  return answered(message)?.from?.id === me.id || said.entities.some((entity) => isMention(entity, said.text, me));
}

/** A text without the mention of us that it begins with, and what stands between that and the rest. */
export function withoutMention({ text, entities }: Said, me: Me): Said {
  const first = entities.find((entity) => entity.offset === 0 && isMention(entity, text, me));
  if (!first) return { text, entities };
  const cut = first.length + (/^[\s,:]*/.exec(text.slice(first.length))?.[0].length ?? 0);
  const kept = entities.filter((entity) => entity.offset >= cut);
  return { text: text.slice(cut), entities: kept.map((entity) => ({ ...entity, offset: entity.offset - cut })) };
}

/** The message that this one answers: the part that was picked of it, where a person picked one. */
export function quotedIn(message: Message, me: Me): Quoted | undefined {
  const quoted = answered(message);
  if (!quoted) return undefined;
  const { text, entities } = message.quote ? { entities: [], ...message.quote } : saidIn(quoted);
  const { from, sender_chat: inNameOf } = quoted;
  const sender = inNameOf ? chatAsSender(inNameOf) : from && personOf(from);
  return {
    messageId: String(quoted.message_id),
    ...(sender ? { sender } : {}),
    text: markdownOf(text, entities),
    isOurs: from?.id === me.id,
  };
}

/** In a forum every message “answers” the one that opened its topic. */
function answered(message: Message): Message | undefined {
  const quoted = message.reply_to_message;
  const isRoot = message.is_topic_message === true && quoted?.message_id === message.message_thread_id;
  return isRoot ? undefined : quoted;
}

function isMention(entity: Entity, text: string, me: Me): boolean {
  if (entity.type === "text_mention") return entity.user?.id === me.id;
  if (entity.type !== "mention") return false;
  const named = text.slice(entity.offset + 1, entity.offset + entity.length);
  return named.toLowerCase() === me.username.toLowerCase();
}
