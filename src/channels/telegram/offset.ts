import { type Clock, failPoint } from "#base";
import { type Static, Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import type { Notes } from "../channel.ts";

const Kept = Type.Object({ bot: Type.Integer(), next: Type.Integer(), at: Type.Number() });
type Kept = Static<typeof Kept>;

/** After a week without any update Telegram numbers them anew, from anywhere. */
const goodForMs = 6 * 24 * 3_600_000;
const noteName = "offset";

/** Up to where the updates of one bot were taken: the number of the next one, as long as it is worth something. */
export class Offset {
  readonly #notes: Notes;
  readonly #clock: Clock;
  readonly #bot: number;
  #kept: Kept | undefined;

  private constructor(options: { readonly notes: Notes; readonly clock: Clock; readonly bot: number }) {
    this.#notes = options.notes;
    this.#clock = options.clock;
    this.#bot = options.bot;
  }

  /** What is noted of another bot, or is no note of ours, counts as nothing: Telegram then begins with the oldest it has. */
  static async read(options: { readonly notes: Notes; readonly clock: Clock; readonly bot: number }): Promise<Offset> {
    const offset = new Offset(options);
    const kept = parsed(await options.notes.read(noteName));
    if (kept?.bot === options.bot) offset.#kept = kept;
    return offset;
  }

  get next(): number | undefined {
    if (!this.#kept || this.#clock.now() - this.#kept.at > goodForMs) return undefined;
    return this.#kept.next;
  }

  /** Resolves when it is on disk, and is only then what Telegram is told. */
  async move(next: number): Promise<void> {
    const kept = { bot: this.#bot, next, at: this.#clock.now() };
    failPoint("telegram.offset.begin");
    await this.#notes.write(noteName, JSON.stringify(kept));
    failPoint("telegram.offset.noted");
    this.#kept = kept;
  }
}

function parsed(text: string | undefined): Kept | undefined {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return Value.Check(Kept, value) ? value : undefined;
  } catch {
    return undefined;
  }
}
