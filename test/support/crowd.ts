import type { FakeLine } from "./fake-line.ts";
import type { WalkOptions } from "./walk.ts";

/** A walk with little room for turns, where each chat is a conversation of its own. */
export function crowdOptions(folder: string, line: FakeLine): WalkOptions {
  return {
    folder,
    channels: [line],
    limits: { running: 4, waiting: 8, perLane: 3 },
    inbound: { session: { dmScope: "per-channel-peer", identityLinks: {} } },
  };
}

/** What a chat says; the same number is the same message, in every life of the gateway. */
export function crowdMessage(line: FakeLine, chat: string, n: number) {
  const id = `${chat}-${n}`;
  const from = { channel: "pigeon", account: line.account, chat };
  // Said before anything was answered: nobody goes round in circles.
  return line.message(id, { id, messageId: `m-${id}`, from, sender: { id: chat, isBot: false }, at: 1 });
}

export function crowdKey(chat: string): string {
  return `agent:main:pigeon:direct:${chat}`;
}
