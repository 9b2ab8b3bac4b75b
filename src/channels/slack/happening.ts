import type { Identity } from "./doorway.ts";
import { as, Changed, Click, Command, type Content, EventBody, Message, Reaction } from "./wire.ts";

/** What Slack brought, as far as it concerns us. */
export type Happening = {
  /** Made of what happened and not of the delivery: `app_mention` and `message` tell of one message, and a retry of the same. */
  readonly id: string;
  readonly chat: string;
  readonly team: string | undefined;
} & (
  | { readonly what: "message"; readonly content: Content; readonly chatType: string | undefined }
  | { readonly what: "edited"; readonly content: Content; readonly chatType: string | undefined }
  | { readonly what: "reaction"; readonly reaction: Reaction }
  | { readonly what: "command"; readonly command: Command }
  | { readonly what: "click"; readonly click: Click }
);

/** What of a conversation is somebody's words. All other subtypes are Slack's own announcements. */
const spoken = new Set([undefined, "file_share", "thread_broadcast", "me_message", "bot_message"]);

/** Undefined for what nobody here has to know: other kinds of events, our own doings, what is not as Slack writes it. */
export function readHappening(body: Readonly<Record<string, unknown>>, me: Identity): Happening | undefined {
  const event = as(EventBody, body);
  if (event) return readEvent(event.event, event.team_id, me);
  const command = as(Command, body);
  if (command) {
    const { channel_id: chat, team_id: team, trigger_id } = command;
    return { id: `command:${trigger_id}`, chat, team, what: "command", command };
  }
  const click = as(Click, body);
  const action = click?.actions[0];
  if (!click || !action) return undefined;
  const id = `click:${click.channel.id}:${click.message.ts}:${click.user.id}:${action.action_ts}`;
  return { id, chat: click.channel.id, team: click.team?.id, what: "click", click };
}

function readEvent(event: unknown, team: string | undefined, me: Identity): Happening | undefined {
  const reaction = as(Reaction, event);
  if (reaction) {
    const { channel: chat, ts } = reaction.item;
    const id = `${reaction.type}:${chat}:${ts}:${reaction.user}:${reaction.reaction}:${reaction.event_ts}`;
    return reaction.user === me.userId ? undefined : { id, chat, team, what: "reaction", reaction };
  }
  const changed = as(Changed, event);
  if (changed) {
    const { channel: chat, message: content, previous_message: previous, channel_type: chatType } = changed;
    // Slack says `changed` of previews and of threads that grew, too.
    const isEdit = content.edited !== undefined && content.text !== previous?.text;
    if (!isEdit || !isTheirWords(content, me)) return undefined;
    const id = `edited:${chat}:${content.ts}:${content.edited?.ts}`;
    return { id, chat, team, what: "edited", content, chatType };
  }
  const message = as(Message, event);
  if (!message || !isTheirWords(message, me)) return undefined;
  const { channel: chat, channel_type: chatType, ts } = message;
  return { id: `message:${chat}:${ts}`, chat, team, what: "message", content: message, chatType };
}

function isTheirWords(content: Content, me: Identity): boolean {
  return isWords(content) && !isOurs(content, me);
}

/** Somebody's, and not an announcement of Slack's own. */
export function isWords({ subtype, user, bot_id: bot }: Content): boolean {
  return spoken.has(subtype) && (user !== undefined || bot !== undefined);
}

export function isOurs({ user, bot_id: bot }: Content, me: Identity): boolean {
  return user === me.userId || (bot !== undefined && bot === me.botId);
}
