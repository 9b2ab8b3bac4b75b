import type { Address } from "#protocol";

export type ChannelState = "online" | "degraded" | "offline";

/** An open line to one chat platform. */
export interface Connection extends AsyncDisposable {
  readonly state: ChannelState;
  /**
   * Resolves with the platform's id of the message: only then was it sent. `key` is the same at every attempt to send one
   * message, for platforms that take a key once; whether an attempt before a crash arrived cannot be known otherwise.
   */
  send(
    message: { readonly to: Address; readonly text: string; readonly key?: string },
    signal: AbortSignal,
  ): Promise<{ readonly messageId: string }>;
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
