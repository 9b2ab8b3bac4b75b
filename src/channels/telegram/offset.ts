import { type Clock, failPoint, type Log, pause } from "#base";
import { type Static, Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import type { Notes } from "../channel.ts";

const Kept = Type.Object({ bot: Type.Integer(), next: Type.Integer(), at: Type.Number() });
type Kept = Static<typeof Kept>;

/** After a week without any update Telegram numbers them anew, from anywhere. */
const goodForMs = 6 * 24 * 3_600_000;
const noteName = "offset";
const restMs = 1_000;

interface Options {
  readonly notes: Notes;
  readonly clock: Clock;
  readonly log: Log;
  readonly bot: number;
}

/**
 * Up to where the updates of one bot were taken: the number of the next one, as long as it is worth something. Where many
 * come, it is noted now and then: who comes back with an older number is brought nothing that Telegram knows to be taken,
 * and what it brings twice is known by its number.
 */
export class Offset implements AsyncDisposable {
  readonly #notes: Notes;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #bot: number;
  readonly #closing = new AbortController();
  #kept: Kept | undefined;
  #noted: Kept | undefined;
  #writing: Promise<void> | undefined;

  private constructor(options: Options) {
    this.#notes = options.notes;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#bot = options.bot;
  }

  /** What is noted of another bot, or is no note of ours, counts as nothing: Telegram then begins with the oldest it has. */
  static async read(options: Options): Promise<Offset> {
    const offset = new Offset(options);
    const kept = parsed(await options.notes.read(noteName));
    if (kept?.bot === options.bot) offset.#kept = kept;
    offset.#noted = offset.#kept;
    return offset;
  }

  get next(): number | undefined {
    if (!this.#kept || this.#clock.now() - this.#kept.at > goodForMs) return undefined;
    return this.#kept.next;
  }

  /** All before it is on disk. */
  move(next: number): void {
    this.#kept = { bot: this.#bot, next, at: this.#clock.now() };
    this.#writing ??= this.#write();
  }

  /** Notes what is not noted yet. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#writing;
  }

  async #write(): Promise<void> {
    while (this.#kept && this.#kept !== this.#noted) {
      const kept = this.#kept;
      failPoint("telegram.offset.begin");
      try {
        await this.#notes.write(noteName, JSON.stringify(kept));
        this.#noted = kept;
      } catch (error) {
        this.#log.warn("up to where Telegram's updates were taken could not be noted", { error });
        if (this.#closing.signal.aborted) break;
      }
      failPoint("telegram.offset.noted");
      await pause(restMs, this.#closing.signal).catch(() => {});
    }
    this.#writing = undefined;
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
