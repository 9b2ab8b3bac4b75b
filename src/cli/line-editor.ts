import { createInterface, type Interface } from "node:readline";
import { Writable } from "node:stream";
import type { EditorOptions, LineEditor, Output } from "./context.ts";

/** More lines than this, typed or pasted ahead, are dropped: nobody means to send so many messages. */
const mostEarlyLines = 100;

/**
 * Lines from the terminal with editing and history. It stays open while something else is printed, but is silent then:
 * what is typed meanwhile appears at the next question.
 */
export function createEditor(options: EditorOptions, output: Output): LineEditor {
  const early: string[] = [];
  let waiting: ((line: string | undefined) => void) | undefined;
  let isClosed = false;
  const screen = new QuietScreen(output);
  const reader = createInterface({ input: process.stdin, output: screen, terminal: true, historySize: 500 });

  const answer = (line: string | undefined) => {
    const asker = waiting;
    waiting = undefined;
    screen.isQuiet = true;
    asker?.(line);
  };
  reader.on("line", (line) => {
    if (waiting) return answer(line);
    if (!options.onEarlyLine(line) && early.length < mostEarlyLines) early.push(line);
  });
  const finish = () => {
    isClosed = true;
    answer(undefined);
  };
  reader.on("SIGINT", () => options.onInterrupt());
  reader.on("close", finish);
  // `readline` does not notice when the terminal itself goes away.
  for (const name of ["end", "close", "error"]) process.stdin.on(name, finish);
  return {
    async ask(prompt) {
      const line = early.shift();
      if (line !== undefined) await output.write(`${prompt}${line}\n`);
      if (line !== undefined || isClosed) return line;
      screen.isQuiet = false;
      reader.setPrompt(prompt);
      reader.prompt(true);
      return new Promise((resolve) => {
        waiting = resolve;
      });
    },
    async askSecret(prompt) {
      await output.write(prompt);
      const line = early.shift();
      if (line !== undefined || isClosed) return line;
      const typed = await new Promise<string | undefined>((resolve) => {
        waiting = resolve;
      });
      await output.write("\n");
      return typed;
    },
    restart() {
      if (isClosed || !waiting) return;
      reader.write("", { ctrl: true, name: "e" });
      reader.write("", { ctrl: true, name: "u" });
      reader.prompt(true);
    },
    [Symbol.dispose]: () => {
      for (const name of ["end", "close", "error"]) process.stdin.off(name, finish);
      closeReader(reader);
      finish();
      screen.destroy();
    },
  };
}

/** Closing puts the terminal back as it was, which fails when there is none any more. */
function closeReader(reader: Interface): void {
  try {
    reader.close();
  } catch (error) {
    if (!isInputOutputError(error)) throw error;
  }
}

/** EIO. Bun 1.4.4 tells it by a number in the message alone. */
function isInputOutputError(error: unknown): boolean {
  return error instanceof Error && (("code" in error && error.code === "EIO") || /errno: 5\b/.test(error.message));
}

/** What `readline` draws on. */
class QuietScreen extends Writable {
  isQuiet = true;
  readonly isTTY = true;
  readonly #output: Output;

  constructor(output: Output) {
    super({ decodeStrings: false });
    this.#output = output;
    process.stderr.on("resize", this.#onResize);
  }

  readonly #onResize = () => this.emit("resize");

  override _destroy(error: Error | null, settle: (error?: Error | null) => void): void {
    process.stderr.off("resize", this.#onResize);
    settle(error);
  }

  get columns(): number {
    return process.stderr.columns;
  }

  /** Does not wait: what waited would be looked at later, when a line that came at once has made the screen quiet. */
  override _write(chunk: string | Buffer, _encoding: BufferEncoding, settle: (error?: Error | null) => void): void {
    if (!this.isQuiet) {
      this.#output.write(String(chunk)).catch((error: unknown) => {
        this.destroy(error instanceof Error ? error : new Error(String(error)));
      });
    }
    settle();
  }
}
