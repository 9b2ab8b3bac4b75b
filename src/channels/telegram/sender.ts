import type { Sender } from "../update.ts";
import type { Chat, User } from "./incoming.ts";

export function personOf({ first_name: first, id, is_bot: isBot, last_name: last, username }: User): Sender {
  const name = [first, last].filter((part) => part !== undefined && part !== "").join(" ");
  return { id: String(id), isBot, ...(name === "" ? {} : { name }), ...(username === undefined ? {} : { username }) };
}

/** A channel, or a group whose administrators do not show themselves. */
export function chatAsSender({ id, title, username }: Chat): Sender {
  const name = title === undefined ? {} : { name: title };
  return { id: String(id), isBot: false, ...name, ...(username === undefined ? {} : { username }) };
}
