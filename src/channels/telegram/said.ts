import type { Entity, Message } from "./incoming.ts";

export interface Said {
  readonly text: string;
  readonly entities: readonly Entity[];
}

/** What a message says: its text, what stands below a file, or in words what it is that has no text. */
export function saidIn(message: Message): Said {
  const { caption, caption_entities: below, entities, text } = message;
  if (text !== undefined) return { text, entities: entities ?? [] };
  if (caption !== undefined) return { text: caption, entities: below ?? [] };
  return { text: inWords(message), entities: [] };
}

function inWords({ contact, dice, location, poll, sticker, venue }: Message): string {
  if (venue) return `[place: ${venue.title}, ${venue.address}${location ? `, ${coordinates(location)}` : ""}]`;
  if (location) return `[location: ${coordinates(location)}]`;
  if (contact) {
    const name = [contact.first_name, contact.last_name].filter((part) => part !== undefined).join(" ");
    return `[contact: ${name}, ${contact.phone_number}]`;
  }
  if (poll) return `[poll: ${poll.question} — ${poll.options.map((option) => option.text).join(" / ")}]`;
  if (dice) return `${dice.emoji} ${dice.value}`;
  return sticker?.emoji ?? "";
}

function coordinates({ latitude, longitude }: { readonly latitude: number; readonly longitude: number }): string {
  return `${latitude}, ${longitude}`;
}
