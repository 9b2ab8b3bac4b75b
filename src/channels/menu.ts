import { type Backoff, backoffMs, type Log, pause, sayingOf } from "#base";
import type { MenuCommand, Notes } from "./channel.ts";

const noteName = "menu";
const patience: Backoff = { firstMs: 5_000, mostMs: 300_000 };
/** Then it is left as it is until the account is opened anew. */
const mostTries = 6;

export interface MenuParts {
  /** Absent: whatever the platform shows is left alone. */
  readonly commands: readonly MenuCommand[] | undefined;
  readonly notes: Notes;
  readonly log: Log;
  /** Whose menu it is: a note about another bot says nothing. */
  owner(): Promise<string>;
  /** Makes the platform show these; none takes the menu away. Rejects with a plain sentence. */
  write(commands: readonly MenuCommand[], signal: AbortSignal): Promise<void>;
}

/**
 * Keeps a platform's list of our commands as it is to be. It is written when it is another than the one written last, and
 * what goes wrong is a warning: people can type the commands all the same.
 */
export class Menu {
  readonly #parts: MenuParts;
  #warning: string | undefined;
  #isBegun = false;

  constructor(parts: MenuParts) {
    this.#parts = parts;
  }

  get warning(): string | undefined {
    return this.#warning;
  }

  /** To be called when the platform answers; only the first time counts. Never throws, never waits. */
  begin(signal: AbortSignal): void {
    const { commands, log } = this.#parts;
    if (this.#isBegun || commands === undefined) return;
    this.#isBegun = true;
    this.#keep(commands, signal).catch((error: unknown) => {
      if (!signal.aborted) log.error("the menu of commands broke", { error });
    });
  }

  async #keep(commands: readonly MenuCommand[], signal: AbortSignal): Promise<void> {
    for (let tries = 1; !signal.aborted; tries++) {
      try {
        await this.#bring(commands, signal);
        this.#warning = undefined;
        return;
      } catch (error) {
        signal.throwIfAborted();
        const because = sayingOf(error, "it broke.");
        this.#warning = `The menu of commands could not be written: ${because}`;
        this.#parts.log.warn("the menu of commands could not be written", { because, tries });
        if (tries >= mostTries) return;
      }
      await pause(backoffMs(patience, tries), signal);
    }
  }

  async #bring(commands: readonly MenuCommand[], signal: AbortSignal): Promise<void> {
    const { notes } = this.#parts;
    const owner = await this.#parts.owner();
    const wanted = Bun.SHA256.hash(JSON.stringify([owner, commands]), "hex");
    if ((await notes.read(noteName)) === wanted) return;
    await notes.write(noteName, ""); // one that is cut off may have been done, or half of it
    await this.#parts.write(commands, signal);
    await notes.write(noteName, wanted);
  }
}
