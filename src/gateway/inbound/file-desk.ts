import { clip, describeError, type Log } from "#base";
import type { Attachment } from "#channels";
import type { Storage } from "#storage";
import { Turnstile } from "../turnstile.ts";
import { keepAttachments } from "./attachments.ts";
import { type Files, transcriptMark } from "./entry.ts";
import type { Hearing } from "./hearing.ts";

/** Messages whose files are read at once: what is read is held in memory. */
const mostReading = 3;
const mostHearing = 2;
const mostCharacters = 20_000;

interface FileDeskOptions {
  readonly storage: Storage;
  readonly log: Log;
  readonly hearing: () => Hearing | undefined;
}

/** Puts on disk how far the files of a message are. */
export type SaveFiles = (files: Files) => Promise<void>;

/**
 * Reads the files of messages, and has recordings written down: each once, because what came of it is on disk before the next
 * step. Rejects only when the gateway closes; then the next start goes on with `goOn`.
 */
export class FileDesk {
  readonly #options: FileDeskOptions;
  readonly #reading = new Turnstile(mostReading);
  readonly #hearing = new Turnstile(mostHearing);
  /** Several agents may hear one message: its files are read once. */
  readonly #kept = new WeakMap<readonly Attachment[], Promise<Files>>();

  constructor(options: FileDeskOptions) {
    this.#options = options;
  }

  /** What is said of them, once they were read and heard. */
  async read(attachments: readonly Attachment[], save: SaveFiles, closing: AbortSignal): Promise<readonly string[]> {
    const mostHeard = this.#options.hearing()?.mostBytes;
    const reading =
      this.#kept.get(attachments) ??
      this.#reading.pass(closing, () => keepAttachments(attachments, { ...this.#options, closing, mostHeard }));
    this.#kept.set(attachments, reading);
    const kept = await reading;
    await save(kept);
    return this.goOn(kept, save, closing);
  }

  /** From where an earlier life had come to. */
  async goOn({ files, attached, unheard }: Files, save: SaveFiles, closing: AbortSignal): Promise<readonly string[]> {
    if (unheard.length === 0) return files;
    const told = [...files];
    for (const [nth, { line, blob }] of unheard.entries()) {
      const words = await this.#hearing.pass(closing, () => this.#hear(blob, closing));
      told[line] = `${told[line] ?? ""}\n${words}`;
      await save({ files: told, attached, unheard: unheard.slice(nth + 1) });
    }
    return told;
  }

  async #hear(blob: string, closing: AbortSignal): Promise<string> {
    const { storage, log, hearing } = this.#options;
    try {
      const recording = await storage.blob(blob);
      const heard = recording && (await hearing()?.hear(recording, closing));
      if (heard?.heard) return `${transcriptMark}\n${clip(heard.text.trim(), mostCharacters) || "(nothing was said)"}`;
      log.warn("a recording was not written down", { blob, problem: heard?.because ?? "nothing is set that could" });
    } catch (error) {
      closing.throwIfAborted();
      log.warn("a recording was not written down", { blob, problem: describeError(error) });
    }
    return notHeard;
  }
}

const notHeard = "[attached: no transcript; the recording could not be written down]";
