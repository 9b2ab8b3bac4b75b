import type { Message } from "./incoming.ts";
import type { Me } from "./mention.ts";

export interface Command {
  readonly name: string;
  readonly args: string;
}

/** The order that a message begins with. What somebody passes on is not theirs, and so no order. */
export function commandOf(message: Message, me: Me): Command | "forAnother" | undefined {
  const { entities = [], forward_origin: origin, text } = message;
  if (text === undefined || origin) return undefined;
  const first = entities.find((entity) => entity.type === "bot_command" && entity.offset === 0);
  if (!first) return undefined;
  const [name = "", addressee] = text.slice(1, first.length).split("@");
  if (addressee !== undefined && addressee.toLowerCase() !== me.username.toLowerCase()) return "forAnother";
  return { name: name.toLowerCase(), args: text.slice(first.length).trim() };
}
