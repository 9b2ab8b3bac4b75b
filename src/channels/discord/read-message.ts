import type { REST } from "@discordjs/rest";
import {
  type APIMessage,
  type APIUser,
  type GatewayMessageCreateDispatchData,
  MessageReferenceType,
  MessageType,
  Routes,
} from "discord-api-types/v10";
import type { Address } from "#protocol";
import type { Quoted, Sender, Update } from "../update.ts";
import { isMessage } from "./answers.ts";
import { attachmentsOf } from "./attachment.ts";
import type { Places } from "./places.ts";
import { ask } from "./rest.ts";
import { textOf } from "./text.ts";

/** What reading needs to know. */
export interface Reader {
  readonly us: string;
  readonly rest: REST;
  readonly places: Places;
  readonly hosts: ReadonlySet<string>;
}

/** A message as the gateway brings it, or as it is read later, then without the member. */
export type SomeMessage = APIMessage & Partial<Pick<GatewayMessageCreateDispatchData, "guild_id" | "member">>;

/** People's words. The others are Discord's own: somebody joined, something was pinned. */
export function isWritten(message: Pick<APIMessage, "type">): boolean {
  return message.type === MessageType.Default || message.type === MessageType.Reply;
}

export async function readMessage(message: SomeMessage, reader: Reader): Promise<Update> {
  const { us, hosts } = reader;
  const forwarded = forwardedIn(message);
  const quoted = forwarded ?? quotedIn(message, us);
  const where = await whereabouts(message, reader);
  return {
    type: "message",
    id: message.id,
    messageId: message.id,
    at: Date.parse(message.timestamp),
    ...where,
    sender: senderOf(message.author, message.webhook_id !== undefined),
    text: textOf(message, us),
    attachments: attachmentsOf(message, hosts),
    ...(quoted && { quoted }),
    ...(where.from.thread !== undefined && {
      threadRoot: (signal: AbortSignal) => readThreadRoot(where.from, reader, signal),
    }),
    isToUs: await isToUs(message, reader),
  };
}

/** Undefined for what only looks like an edit: Discord put a preview to a link. */
export async function readEdit(message: SomeMessage, reader: Reader): Promise<Update | undefined> {
  if (!message.edited_timestamp) return undefined;
  return {
    type: "edited",
    id: `${message.id}:${message.edited_timestamp}`,
    messageId: message.id,
    at: Date.parse(message.edited_timestamp),
    ...(await whereabouts(message, reader)),
    sender: senderOf(message.author, message.webhook_id !== undefined),
    text: textOf(message, reader.us),
    isToUs: await isToUs(message, reader),
  };
}

export function senderOf(user: APIUser, isWebhook = false): Sender {
  return {
    id: user.id,
    name: user.global_name ?? user.username,
    username: user.username,
    isBot: isWebhook || user.bot === true,
  };
}

async function whereabouts(message: SomeMessage, { places }: Reader) {
  const { channel_id: chat, guild_id: guild, member, author } = message;
  // What is read later comes without the member; who may write here may depend on the roles.
  const isPerson = message.webhook_id === undefined;
  const roles = member?.roles ?? (guild !== undefined && isPerson ? await places.rolesOf(guild, author.id) : undefined);
  return places.whereabouts(chat, guild, roles);
}

/** A mention of everybody is none of us. */
async function isToUs(message: SomeMessage, { us, places }: Reader): Promise<boolean> {
  if (message.guild_id === undefined) return true;
  if (message.mentions.some(({ id }) => id === us)) return true;
  if (message.referenced_message?.author.id === us) return true;
  if (message.mention_roles.length === 0) return false;
  const ours = await places.ourRoles(message.guild_id, us);
  return message.mention_roles.some((role) => ours.has(role));
}

function quotedIn(message: SomeMessage, us: string): Quoted | undefined {
  return message.referenced_message ? quotedAs(message.referenced_message, us) : undefined;
}

/** A thread that was begun from a message has its id. Others have no such message, nor have the posts of a forum. */
async function readThreadRoot(
  { chat, thread = "" }: Address,
  { rest, us }: Reader,
  signal: AbortSignal,
): Promise<Quoted | undefined> {
  const asked = await ask(rest, ["get", Routes.channelMessage(chat, thread)], { signal });
  if (!("answer" in asked) || !isMessage(asked.answer) || !isWritten(asked.answer)) return undefined;
  return quotedAs(asked.answer, us);
}

function quotedAs(quoted: APIMessage, us: string): Quoted {
  return {
    messageId: quoted.id,
    sender: senderOf(quoted.author, quoted.webhook_id !== undefined),
    text: textOf(quoted, undefined),
    isOurs: quoted.author.id === us,
  };
}

function forwardedIn(message: SomeMessage): Quoted | undefined {
  const reference = message.message_reference;
  const [snapshot] = message.message_snapshots ?? [];
  if (reference?.type !== MessageReferenceType.Forward || !snapshot) return undefined;
  return {
    messageId: reference.message_id ?? message.id,
    text: textOf({ content: snapshot.message.content, mentions: snapshot.message.mentions ?? [] }, undefined),
    isOurs: false,
  };
}
