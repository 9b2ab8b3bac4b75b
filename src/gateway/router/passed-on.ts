import { clip } from "#base";
import type { Place, Sender } from "#channels";
import type { Address } from "#protocol";
import { speaker } from "../inbound/speaker.ts";
import { defaultAccount } from "../line.ts";
import type { Route } from "./route.ts";

export const webhookChannel = "webhook";

/** What is posted fits into one message of the channel, however it is escaped. */
const mostCharacters = 20_000;

/** A message that is not answered but passed on. */
export interface PassedOn {
  readonly from: Address;
  readonly place: Place;
  readonly sender: Sender;
  readonly messageId: string;
  readonly text: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Files do not go along. */
  readonly files: number;
}

/** Where a message of that address is passed on to; undefined where the binding does not say. */
export function targetOf(
  { action, to = {} }: Pick<Route, "action" | "to">,
  from: Pick<Address, "chat">,
): Address | undefined {
  if (action !== "forward" && action !== "webhook") return undefined;
  const { account = defaultAccount, thread } = to;
  const channel = action === "webhook" ? webhookChannel : to.channel;
  const chat = to.chat ?? (action === "webhook" ? from.chat : undefined);
  if (channel === undefined || chat === undefined) return undefined;
  return { channel, account, chat, ...(thread !== undefined && { thread }) };
}

/** For people: who said it, where, and what. */
export function forwardedText({ from, place, sender, text, files }: PassedOn): string {
  const where = `${from.channel} ${from.chat}`;
  const title = place.title === undefined ? "" : ` “${plain(place.title)}”`;
  const more = files === 0 ? "" : `\n\n[${files === 1 ? "A file" : `${files} files`} came with it, not passed on.]`;
  return `From ${plain(speaker(sender))} in ${plain(where)}${title}:\n\n${text}${more}`;
}

/** For programs. */
export function postedText({ from, place, sender, messageId, text, at, files }: PassedOn): string {
  const { channel, account = defaultAccount, chat, thread } = from;
  const { id, name, username } = sender;
  return JSON.stringify({
    channel,
    account,
    chat,
    thread,
    kind: place.kind,
    title: place.title,
    sender: { id, name, username },
    messageId,
    at,
    text: clip(text, mostCharacters),
    files,
  });
}

/** Names are anybody's choice: nothing in them is to look like more than a name. */
function plain(text: string): string {
  return clip(text.replaceAll(/[*~`<>|#\\\n]/g, " ").trim(), 200);
}
