import type { Channel } from "#channels";

/** What may become of a message of ours. `busy`: refused for a moment; those with `After`: it is there, and nobody is told so. */
export type OutboundTrouble = "busy" | "lostAnswer" | "failsAfter" | "hangsAfter";

/** A platform where people write to each other: what it shows, and more that goes wrong there. */
export interface MessengerPlatform extends ChannelPlatform {
  /** The messages of the account in `chat`, in their order. */
  readonly texts: readonly string[];
  next(trouble: "rateLimited" | OutboundTrouble): void;
}

/** A fake platform as the conformance suite sees it: what every platform can be asked and made to do. */
export interface ChannelPlatform extends AsyncDisposable {
  readonly channel: Channel;
  /** Settings of an account that works, and of one whose token the platform does not know. */
  readonly settings: unknown;
  readonly wrongSettings: unknown;
  /** The thread of the chat in which alone the platform shows that somebody is at work. */
  readonly typingThread?: string;
  /** A chat that the account may write to, and one that is gone. */
  readonly chat: string;
  readonly goneChat: string;
  /** A person writes to the account. */
  says(text: string): void;
  /** Somebody presses the button of that label below a message of the account, where the platform has buttons. */
  press?(messageId: string, label: string): void;
  /** How many messages the platform would bring again. */
  readonly unacknowledged: number;
  /** A message of the account, as people see it there. */
  shown(messageId: string): { readonly text: string; readonly reactions: readonly string[] } | undefined;
  /** The files that the account sent, as people see them there. */
  files(): Promise<readonly { readonly name: string; readonly text: string; readonly isVoice: boolean }[]>;
  /** How many messages of the account there are. */
  readonly shownCount: number;
  /** What the account shows while it is at work, and while an answer grows. */
  readonly typings: number;
  readonly drafts: readonly string[];
  /** What happens to the next message of the account, or to the next edit: refused for a minute, or taken without an answer. */
  next(trouble: "rateLimited" | "lostAnswer", to?: "send" | "edit"): void;
  /** Requests and connections so far that had a token of nobody. */
  readonly strangers: number;
  /** Whether the account listens at this moment. */
  readonly isListening: boolean;
}
