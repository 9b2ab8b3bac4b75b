import { clip } from "#base";
import type { CliContext } from "../context.ts";
import { SafeStream, safeLine, safeText } from "../safe-text.ts";
import { styleFor } from "../style.ts";
import type { TurnEnd, TurnEvent } from "./turn.ts";

/** Prints a turn as it comes: the answer on stdout, all else on stderr, and tools only for a person who watches. */
export class TurnPrinter {
  readonly #context: CliContext;
  readonly #safe = new SafeStream();
  #endsInLine = false;

  constructor(context: CliContext) {
    this.#context = context;
  }

  async print(event: TurnEvent): Promise<void> {
    switch (event.type) {
      case "text":
        return this.#say(this.#safe.push(event.text));
      case "toolStarted":
        return this.#note(`→ ${event.tool} ${JSON.stringify(event.params) ?? ""}`);
      case "toolFinished": {
        const took = `${Math.round(event.durationMs)} ms`;
        return this.#note(event.success ? `✓ ${event.tool} (${took})` : `✗ ${event.tool} failed (${took})`);
      }
      case "ended":
        return this.#end(event);
    }
  }

  /** Begins a new line, when the answer so far does not end with one. */
  async finishLine(): Promise<void> {
    await this.#say(this.#safe.end());
    if (this.#endsInLine) await this.#say("\n");
  }

  async #say(text: string): Promise<void> {
    if (text === "") return;
    this.#endsInLine = !text.endsWith("\n");
    await this.#context.stdout.write(text);
  }

  async #note(text: string): Promise<void> {
    const { stderr } = this.#context;
    if (!stderr.isTty) return;
    await this.finishLine();
    await stderr.write(`${styleFor(stderr, this.#context).dim(clip(safeLine(text), 120))}\n`);
  }

  async #end({ status, problem }: TurnEnd): Promise<void> {
    await this.finishLine();
    if (status === "ok") return;
    const { stderr } = this.#context;
    const style = styleFor(stderr, this.#context);
    const text =
      status === "aborted" ? "The turn was stopped." : `The turn failed: ${problem ?? "no reason was given"}`;
    await stderr.write(`${style.red(safeText(text))}\n`);
  }
}
