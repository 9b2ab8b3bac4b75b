import type { Address } from "#protocol";

/** Who wrote it, as the platform itself knows them. */
export interface Sender {
  /** The platform's immutable id: the only thing that access is decided by. */
  readonly id: string;
  /** For people to read. Anybody may call themselves anything. */
  readonly name?: string;
  readonly username?: string;
  readonly isBot: boolean;
}

/** What kind of chat it came from, and what that chat lies in. */
export interface Place {
  readonly kind: "direct" | "group" | "channel";
  readonly title?: string;
  /** The chat that a thread or forum post belongs to. */
  readonly parentChat?: string;
  /** The thread that belongs to what is said in none, where the platform has such a one: the general topic of a forum. */
  readonly mainThread?: string;
  /** Discord's guild, Slack's team. */
  readonly guild?: string;
  /** The ids of the sender's roles in that guild. */
  readonly roles?: readonly string[];
}

/** A file that somebody sent. Nothing is fetched before somebody who may cause work has been recognised. */
export interface Attachment {
  /** The platform's id of the file. */
  readonly id: string;
  readonly kind: "image" | "audio" | "voice" | "video" | "file";
  readonly name?: string;
  /** As the sender's client says. */
  readonly mimeType?: string;
  readonly bytes?: number;
  /** Reads it, at most so many bytes. Rejects with a plain sentence. */
  fetch(mostBytes: number, signal: AbortSignal): Promise<Uint8Array>;
}

export interface Quoted {
  readonly messageId: string;
  readonly sender?: Sender;
  /** Markdown. */
  readonly text: string;
  readonly isOurs: boolean;
}

interface About {
  /** The platform's id of this update, the same when it is sent again. Unique within the account. */
  readonly id: string;
  /** Milliseconds since 1970, by the platform's clock. */
  readonly at: number;
  readonly from: Address;
  readonly place: Place;
  readonly sender: Sender;
}

/** What happened on a platform, in the one shape that every channel turns it into. */
export type Update = About &
  (
    | {
        readonly type: "message";
        readonly messageId: string;
        /** Markdown; the mention of us at its beginning is taken off. */
        readonly text: string;
        readonly attachments: readonly Attachment[];
        readonly quoted?: Quoted;
        /**
         * In a thread that began with a message of the chat: asks the platform for that message. Undefined when it is not to
         * be had; may reject. Costs the platform a request.
         */
        threadRoot?(signal: AbortSignal): Promise<Quoted | undefined>;
        /** We are named by the platform's own mention, or it answers a message of ours. */
        readonly isToUs: boolean;
        /** Several messages that a person sent as one, like an album. */
        readonly bundle?: string;
      }
    | { readonly type: "edited"; readonly messageId: string; readonly text: string; readonly isToUs: boolean }
    | { readonly type: "command"; readonly name: string; readonly args: string; readonly reply?: ReplyTicket }
    | { readonly type: "button"; readonly messageId: string; readonly data: string; readonly reply?: ReplyTicket }
    | { readonly type: "reaction"; readonly messageId: string; readonly emoji: string; readonly isAdded: boolean }
  );

/** What a platform gave for answers to this update, one or few, valid for a while: a token of an interaction, an address. Opaque, kept in memory only. */
export type ReplyTicket = { readonly token: string };
