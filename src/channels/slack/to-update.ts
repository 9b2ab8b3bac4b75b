import type { Clock } from "#base";
import type { Attachment, Place, ReplyTicket, Update } from "../update.ts";
import type { Api } from "./api.ts";
import { emojiOfName } from "./emoji.ts";
import type { Happening } from "./happening.ts";
import { readAttachments } from "./files.ts";
import { isNaming, readText } from "./read-text.ts";
import { readThreadRoot } from "./thread-root.ts";
import type { Click, Command, Content, Reaction } from "./wire.ts";
import type { Tickets } from "./tickets.ts";
import { personOf, type Reading, writerOf } from "./writer.ts";

export interface Translation extends Reading {
  readonly account: string;
  readonly clock: Clock;
  readonly tickets: Tickets;
}

/** The one shape of it. Asks Slack for names, and for nothing else; what a thread began with is for whoever wants to know it. */
export async function toUpdate(happening: Happening, by: Translation): Promise<Update> {
  switch (happening.what) {
    case "message":
    case "edited":
      return toWords(happening, by);
    case "reaction":
      return toReaction(happening, by);
    case "command":
      return toCommand(happening, by);
    case "click":
      return toClick(happening, by);
  }
}

type Kind<What extends Happening["what"]> = Happening & { readonly what: What };

async function toWords(happening: Kind<"message"> | Kind<"edited">, by: Translation): Promise<Update> {
  const { content } = happening;
  const [sender, place, text] = await Promise.all([
    writerOf(content, by),
    placeOf(happening, happening.chatType, by),
    readText(content, by),
  ]);
  const about = {
    ...aboutOf(happening, by, content.thread_ts),
    at: millisecondsOf(happening.what === "edited" ? (content.edited?.ts ?? content.ts) : content.ts),
    place,
    sender,
    messageId: content.ts,
    text,
    isToUs: isNaming(content, by.me) || content.parent_user_id === by.me.userId,
  };
  if (happening.what === "edited") return { ...about, type: "edited" };
  const { ts, thread_ts: thread } = content;
  const { chat } = happening;
  return {
    ...about,
    type: "message",
    attachments: attachmentsOf(content, by.api),
    ...(thread !== undefined &&
      thread !== ts && { threadRoot: (signal: AbortSignal) => readThreadRoot({ chat, thread }, by, signal) }),
  };
}

async function toReaction(happening: Kind<"reaction">, by: Translation): Promise<Update> {
  const { reaction }: { readonly reaction: Reaction } = happening;
  return {
    ...aboutOf(happening, by),
    at: millisecondsOf(reaction.event_ts),
    place: await placeOf(happening, undefined, by),
    sender: await personOf(reaction.user, by),
    type: "reaction",
    messageId: reaction.item.ts,
    emoji: emojiOfName(reaction.reaction),
    isAdded: reaction.type === "reaction_added",
  };
}

async function toCommand(happening: Kind<"command">, by: Translation): Promise<Update> {
  const { command }: { readonly command: Command } = happening;
  return {
    ...aboutOf(happening, by),
    // Slack does not date its commands.
    at: by.clock.now(),
    place: await placeOf(happening, chatTypeOfName(command.channel_name), by),
    sender: await personOf(command.user_id, by, command.user_name),
    type: "command",
    name: command.command.replace(/^\//, ""),
    args: command.text ?? "",
    ...ticketOf(command, happening, by),
  };
}

async function toClick(happening: Kind<"click">, by: Translation): Promise<Update> {
  const { click }: { readonly click: Click } = happening;
  const action = click.actions[0];
  return {
    ...aboutOf(happening, by, click.message.thread_ts),
    at: millisecondsOf(action?.action_ts ?? click.message.ts),
    place: await placeOf(happening, chatTypeOfName(click.channel.name), by),
    sender: await personOf(click.user.id, by, click.user.username ?? click.user.name),
    type: "button",
    messageId: click.message.ts,
    data: action?.value ?? action?.action_id ?? "",
    ...ticketOf(click, happening, by),
  };
}

function aboutOf(happening: Happening, by: Translation, thread?: string): Pick<Update, "id" | "from"> {
  const { id, chat } = happening;
  return { id, from: { channel: "slack", account: by.account, chat, ...(thread === undefined ? {} : { thread }) } };
}

/** `app_mention`, reactions and clicks do not say what kind of conversation it is, and it must not be another for them. */
async function placeOf(happening: Happening, chatType: string | undefined, by: Translation): Promise<Place> {
  const said = kindOfChat(chatType, happening.chat);
  const room = said === "direct" ? undefined : await by.directory.room(happening.chat);
  return {
    kind: said ?? room?.kind ?? "channel",
    ...(room?.title === undefined ? {} : { title: room.title }),
    ...(happening.team === undefined ? {} : { guild: happening.team }),
  };
}

function kindOfChat(chatType: string | undefined, chat: string): Place["kind"] | undefined {
  if (chatType === "im" || chat.startsWith("D")) return "direct";
  if (chatType === "mpim") return "group";
  return chatType === "channel" || chatType === "group" ? "channel" : undefined;
}

/** Commands and clicks tell by the conversation's name. */
function chatTypeOfName(name: string | undefined): string | undefined {
  if (name === "directmessage") return "im";
  return name?.startsWith("mpdm-") ? "mpim" : undefined;
}

function ticketOf(
  { response_url: url }: { readonly response_url?: string },
  { chat }: Happening,
  { tickets }: Translation,
): { readonly reply?: ReplyTicket } {
  return url === undefined ? {} : { reply: tickets.take(url, chat) };
}

function attachmentsOf(content: Content, api: Api): readonly Attachment[] {
  return readAttachments(content.files ?? [], api);
}

/** Slack's ids of messages are their times: seconds, and what tells those of one second apart. */
function millisecondsOf(ts: string): number {
  const ms = Math.floor(Number(ts) * 1000);
  return Number.isFinite(ms) ? ms : 0;
}
