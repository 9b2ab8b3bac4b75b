import type { Address } from "#protocol";

export type ChannelState = "online" | "degraded" | "offline";

/** What goes to a chat. */
export interface OutboundMessage {
  readonly to: Address;
  readonly text: string;
  /** The same for every try of one message, and for no other: the platform may know by it what it has already. */
  readonly clientKey: string;
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

/** An open line to one chat platform. */
export interface Connection extends AsyncDisposable {
  readonly state: ChannelState;
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
}

/** One chat platform, translation only. */
export interface Channel {
  /** The canonical name, in lower case. */
  readonly id: string;
  readonly label: string;
  /** Its people follow the session's log themselves, so an answer needs no delivery. */
  readonly followsLog: boolean;
  open(): Promise<Connection>;
}

export function defineChannel(channel: Channel): Channel {
  return channel;
}
