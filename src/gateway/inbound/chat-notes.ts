import { clip, Lru } from "#base";
import type { Sender, Update } from "#channels";
import type { Address } from "#protocol";
import { defaultAccount } from "../line.ts";
import { chatOf } from "./chat-of.ts";
import { plain, speaker } from "./speaker.ts";

const chatsKept = 500;
const updatesKept = 2_000;
const mostNotes = 10;
const longestEmoji = 64;
const longestQuote = 120;
const longestEdit = 1_000;

/** What happened in a chat beside what was said there: kept for the next message, the last few of it, in memory only. */
export class ChatNotes {
  readonly #chats = new Lru<string, readonly string[]>({ budget: chatsKept });
  /** The updates that the notes are of, told or not. */
  readonly #noted = new Lru<string, true>({ budget: updatesKept });

  /** What the platform brings again happened once. */
  add(from: Address, { id, note }: { readonly id: string; readonly note: string }): void {
    const noted = JSON.stringify([from.channel, from.account ?? defaultAccount, id]);
    if (this.#noted.get(noted)) return;
    this.#noted.set(noted, true);
    const place = placeOf(from);
    this.#chats.set(place, [...(this.#chats.get(place) ?? []), note].slice(-mostNotes));
  }

  /** Told once: the next message has it in the conversation already. */
  take(from: Address): readonly string[] {
    const notes = this.#chats.get(placeOf(from)) ?? [];
    this.#chats.delete(placeOf(from));
    return notes;
  }
}

/** `ours`: what the message says, where it is one of ours. */
export function reactionNote(
  { sender, emoji, isAdded }: Extract<Update, { type: "reaction" }>,
  ours: string | undefined,
): string {
  const to = ours === undefined ? "a message here" : `your message “${clip(plain(ours), longestQuote)}”`;
  const sign = clip(plain(emoji), longestEmoji);
  return isAdded
    ? `[${speaker(sender)} reacted with ${sign} to ${to}.]`
    : `[${speaker(sender)} took the reaction ${sign} away from ${to}.]`;
}

export function editNote({ sender, text }: { readonly sender: Sender; readonly text: string }): string {
  const lines = clip(text, longestEdit).split("\n");
  return [`[${speaker(sender)} changed an earlier message, which now says:]`, ...lines.map((line) => `> ${line}`)].join(
    "\n",
  );
}

/** Platforms do not tell the thread of a reaction. */
function placeOf({ thread: _thread, ...chat }: Address): string {
  return chatOf(chat);
}
