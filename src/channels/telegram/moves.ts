import { Lru } from "#base";
import type { Notes } from "../channel.ts";

const most = 1_000;

/** Groups that became supergroups: the old id is answered with a refusal, the new one is where they are. */
export class Moves {
  readonly #notes: Notes;
  readonly #known = new Lru<string, { readonly to: string | undefined }>({ budget: most });

  constructor(notes: Notes) {
    this.#notes = notes;
  }

  async learn(from: number | string, to: number): Promise<void> {
    await this.#notes.write(noteOf(String(from)), String(to));
    this.#known.set(String(from), { to: String(to) });
  }

  /** Where a chat is now. */
  async find(chat: string): Promise<string> {
    if (!mayMove(chat)) return chat;
    let known = this.#known.get(chat);
    if (!known) {
      known = { to: await this.#notes.read(noteOf(chat)) };
      this.#known.set(chat, known);
    }
    return known.to ?? chat;
  }
}

function noteOf(chat: string): string {
  return `moved/${chat}`;
}

/** Plain groups alone do; people have positive ids, supergroups and channels begin with -100. */
function mayMove(chat: string): boolean {
  return /^-(?!100\d{10})\d+$/.test(chat);
}
