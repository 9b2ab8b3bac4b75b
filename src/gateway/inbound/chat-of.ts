import type { Address } from "#protocol";
import { defaultAccount } from "../line.ts";

/** One chat of one account, for maps. */
export function chatOf({ channel, account = defaultAccount, chat, thread = "" }: Address): string {
  return JSON.stringify([channel, account, chat, thread]);
}
