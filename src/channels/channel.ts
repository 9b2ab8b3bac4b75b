import type { Clock, Log, Secret } from "#base";
import type { Markup } from "#markup";
import type { Address } from "#protocol";
import type { Static, TSchema } from "@sinclair/typebox";
import type { Allowance } from "./pace.ts";
import type { ReplyTicket, Update } from "./update.ts";

export type ChannelState = "online" | "degraded" | "offline";

/** What not every platform can do: the optional parts of a `Connection`, `buttons` below a message, and a `menu` of our commands. */
export type Ability =
  | "buttons"
  | "delete"
  | "draft"
  | "edit"
  | "find"
  | "grow"
  | "menu"
  | "probe"
  | "react"
  | "take"
  | "typing";

/** What goes to a chat: one piece, short enough for the platform. */
export interface OutboundMessage {
  readonly to: Address;
  /** Markdown; the channel writes it as its platform wants it. */
  readonly text: string;
  /** The same for every try of one message, and for no other: the platform may know by it what it has already. */
  readonly clientKey: string;
  /** The platform's id of the message that this answers, where the platform shows such a thing. */
  readonly replyTo?: string;
  /** Of the update that this answers, where it gave one: good in the chat that it came from, for as many messages as the channel knows. */
  readonly ticket?: ReplyTicket;
  /** Rows of buttons below it, where the channel has them. `data` comes back in an update of the type `button`. */
  readonly buttons?: readonly (readonly { readonly label: string; readonly data: string }[])[];
  readonly files?: readonly OutboundFile[];
}

export interface OutboundFile {
  readonly name: string;
  readonly mimeType: string;
  readonly bytes: Uint8Array;
  /** To be heard at once, where the platform has voice messages. */
  readonly asVoice?: boolean;
}

/** The platform said no, so it does not have the message. */
export interface SendRefusal {
  /** `forGood`: no later try can succeed. */
  readonly refused: "forGood" | "forNow";
  /** For a person. */
  readonly problem: string;
  /** The platform asks to be left alone for so long. */
  readonly retryAfterMs?: number;
}

/** One step of a message that shows an answer while it is written. */
export interface Growth {
  /** All of the text so far, whose end may lie amid a word or a sign. The `clientKey` is the same in every step. */
  readonly message: OutboundMessage;
  /** What the first step gave; absent in the first step. */
  readonly messageId?: string;
}

/** A message that a platform has. */
export interface Posted {
  readonly to: Address;
  readonly messageId: string;
}

/**
 * An open line to one account of a chat platform. What is optional is an ability that not every platform has; who has it
 * keeps what the conformance suite asks of it.
 */
export interface Connection extends AsyncDisposable {
  readonly state: ChannelState;
  /** Why it is not online, for a person. */
  readonly problem?: string | undefined;
  /** What does not work although it is online, for a person. */
  readonly warning?: string | undefined;
  /**
   * Resolves with the platform's id of the message, only then was it sent; or with its refusal. Rejects when nobody knows
   * whether the platform has it: no answer, an answer that makes no sense.
   */
  send(message: OutboundMessage, signal: AbortSignal): Promise<{ readonly messageId: string } | SendRefusal>;
  /** Where the platform can tell: the message that an earlier try of this `clientKey` left there; undefined when there is none. */
  find?(
    sought: Pick<OutboundMessage, "to" | "clientKey">,
    signal: AbortSignal,
  ): Promise<{ readonly messageId: string } | undefined>;
  /**
   * A message of ours that people see while it grows, by whatever means the platform has. The first step is as `send`, with
   * `find` where a message has that, and its ticket is used if what it makes can be edited; a later one may be said again.
   * `edit` is its end.
   */
  grow?(step: Growth, signal: AbortSignal): Promise<{ readonly messageId: string } | SendRefusal>;
  /** Writes another text into a message of ours; one that grew is whole with it. The same again is no other. */
  edit?(message: Posted, text: string, signal: AbortSignal): Promise<SendRefusal | undefined>;
  delete?(message: Posted, signal: AbortSignal): Promise<SendRefusal | undefined>;
  /** Puts our reaction to a message, or takes it away. */
  react?(
    message: Posted,
    reaction: { readonly emoji: string; readonly isAdded: boolean },
    signal: AbortSignal,
  ): Promise<SendRefusal | undefined>;
  /** Shows that we are at work, for about as long as `Channel.typingMs` says. Failures are not worth a word. */
  typing?(to: Address, signal: AbortSignal): Promise<void>;
  /** Nothing will be said to the update of this ticket: whoever waits for that there is told, and nobody else. Never rejects. */
  unanswered?(reply: ReplyTicket): Promise<void>;
  /** Shows an answer while it grows, by the platform's own means. What was streamed is no message: the answer is sent as one at the end. */
  draft?(to: Address, draftId: string, text: string, signal: AbortSignal): Promise<SendRefusal | undefined>;
  /** Where the platform calls us: one request below `/webhooks/<channel>/<account>`. Checks its signature before it reads anything else. */
  take?(request: WebhookRequest): Promise<WebhookAnswer>;
  /** Asks the platform who we are there: for `channels status --probe`. Rejects with a plain sentence. */
  probe?(signal: AbortSignal): Promise<{ readonly name: string; readonly id: string }>;
}

export interface WebhookRequest {
  readonly method: string;
  /** What stands behind `/webhooks/<channel>/<account>`, with the query. */
  readonly path: string;
  readonly headers: Headers;
  /** As it came, bounded by the server. */
  readonly body: Uint8Array;
}

export interface WebhookAnswer {
  readonly status: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A command of the gateway, as a platform's menu shows it. */
export interface MenuCommand {
  /** In lower case, without the slash. */
  readonly name: string;
  readonly description: string;
  /** What may stand behind it. */
  readonly argument?: {
    readonly name: string;
    readonly description: string;
    readonly choices?: readonly string[];
  };
}

/** What a channel is given to open one account. */
export interface AccountOptions<Settings> {
  /** The account's name in the settings. */
  readonly account: string;
  readonly settings: Settings;
  /**
   * Resolves when the update is on disk, or is known to be unwanted: only now may the platform be told that we have it.
   * Rejects when it could not be taken: the platform must bring it again. One that broke five times is put aside, and
   * resolves. Updates of one chat are handed over in their order, one after the other.
   */
  receive(update: Update): Promise<void>;
  /** Small durable notes of this account: the offset of the last update, the session to resume. */
  readonly notes: Notes;
  /**
   * What the platform's menu of commands is to show, where it has one: none takes the menu away, and where this is absent
   * it is left alone. A menu that cannot be written is a `warning`.
   */
  readonly commands?: readonly MenuCommand[];
  /** The state or the problem of the connection is another now. */
  changed(): void;
  readonly log: Log;
  readonly clock: Clock;
}

export interface Notes {
  read(name: string): Promise<string | undefined>;
  /** Resolves when it is on disk. */
  write(name: string, text: string): Promise<void>;
}

/** How much fits into one message, and how that is counted. */
export interface TextLimit {
  readonly most: number;
  readonly unit: "utf16" | "codePoints" | "bytes";
  /** More lines than this are cut, where clients fold long messages. */
  readonly lines?: number;
  /** Loads what counts a text as the platform is given it, signs and all, in `unit`. Without it the markdown is counted. */
  readonly measure?: () => Promise<(piece: Markup) => number>;
}

/** One chat platform, translation only. */
export interface Channel<Account extends TSchema = TSchema> {
  /** The canonical name, in lower case. */
  readonly id: string;
  readonly label: string;
  /** Its people follow the session's log themselves, so an answer needs no delivery. */
  readonly followsLog: boolean;
  /** What one account is set with, beside what every channel has; its secrets are `SecretText`. Absent where there is one account and nothing to set. */
  readonly account?: Account;
  /** What is wrong with settings that are well-formed each by itself: the setting, and what it is or lacks. */
  check?(settings: Static<Account>): { readonly field: string; readonly problem: string } | undefined;
  /** What looks like a mistake in settings that could work all the same: the setting, and what is strange about it. */
  doubts?(settings: Static<Account>): readonly { readonly field: string; readonly problem: string }[];
  /**
   * The token that one gateway of a machine uses alone, because two with it would take each other's messages. Undefined
   * where several may.
   */
  identity?(settings: Static<Account>): Secret | undefined;
  readonly text: TextLimit;
  /** What an account of it can do, in some of its modes at least; in alphabetical order. */
  readonly abilities?: readonly Ability[];
  /** What files it takes; absent where it takes none. */
  readonly files?: { readonly mostBytes: number };
  /**
   * The platform keeps what we do not take, and brings it for as long as that may be. Who does not say so gives up after a
   * few tries, and is served before those who do where there is little room.
   */
  readonly keepsUpdates?: boolean;
  /** How long the platform shows one `typing`. */
  readonly typingMs?: number;
  /** How fast the platform advises to write there; all of them hold. Without it, only the platform's own refusals slow us down. */
  pace?(to: Address): readonly Allowance[];
  /** What lies at least between two steps of a message that grows; a second unless said. */
  readonly growEveryMs?: number;
  /** Loads the platform's library, and connects. Resolves when it is trying, not when it has succeeded; `state` says how far it is. Throws a plain sentence for settings that cannot work. */
  open(options: AccountOptions<Static<Account>>): Promise<Connection>;
}

export function defineChannel<const Account extends TSchema>(channel: Channel<Account>): Channel<Account> {
  return channel;
}
