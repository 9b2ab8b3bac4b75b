import { nearest, newId } from "#base";
import { asCalled } from "../called-as.ts";
import type { Client } from "../client/client.ts";
import { type CliContext, Interrupted, type LineEditor } from "../context.ts";
import { explain } from "../explain.ts";
import { safeLine, safeText } from "../safe-text.ts";
import { styleFor } from "../style.ts";
import { TurnPrinter } from "./printer.ts";
import { runTurn } from "./turn.ts";

export interface ReplOptions {
  readonly sessionKey: string;
  /** Connects; called again when the connection was lost. */
  readonly open: () => Promise<Client>;
}

/** A conversation at the terminal, until the person leaves. Returns the exit code. */
export async function runRepl(context: CliContext, options: ReplOptions): Promise<number> {
  const client = await options.open();
  const repl = new Repl(context, options, client);
  return repl.run();
}

const slashCommands: readonly {
  readonly name: string;
  readonly says: string;
  readonly run: (repl: Repl, rest: string) => Promise<void>;
}[] = [
  { name: "/abort", says: "stop the answer that is running; Ctrl-C does the same", run: (repl) => repl.abort() },
  { name: "/exit", says: "leave; Ctrl-D does the same", run: (repl) => repl.leave(0) },
  { name: "/help", says: "show this", run: (repl) => repl.help() },
  { name: "/new", says: "forget the conversation and start anew", run: (repl) => repl.reset() },
  { name: "/quit", says: "leave", run: (repl) => repl.leave(0) },
  { name: "/reset", says: "the same as /new", run: (repl) => repl.reset() },
  {
    name: "/session",
    says: "show the session, or go to another: /session <key>",
    run: (repl, key) => repl.session(key),
  },
];

class Repl {
  readonly #context: CliContext;
  readonly #open: () => Promise<Client>;
  #client: Client;
  #sessionKey: string;
  #editor: LineEditor | undefined;
  #turn: AbortController | undefined;
  /** The next Ctrl-C leaves. */
  #isLast = false;
  #exitCode: number | undefined;

  constructor(context: CliContext, { open, sessionKey }: ReplOptions, client: Client) {
    this.#context = context;
    this.#open = open;
    this.#client = client;
    this.#sessionKey = sessionKey;
  }

  async run(): Promise<number> {
    const { signal } = this.#context;
    const onEnd = () => this.#close(signal.reason instanceof Interrupted ? signal.reason.exitCode : 1);
    using held = new DisposableStack();
    held.defer(() => this.#client[Symbol.dispose]());
    signal.addEventListener("abort", onEnd, { once: true });
    held.defer(() => signal.removeEventListener("abort", onEnd));
    held.use(this.#context.takeInterrupts(() => this.#interrupt()));
    const opened = await this.#context.openEditor({
      onInterrupt: () => this.#interrupt(),
      onEarlyLine: (line) => this.#takeEarly(line),
    });
    const editor = held.use(opened);
    this.#editor = editor;
    if (signal.aborted) onEnd();
    await this.note(`Session ${this.#sessionKey}. /help shows what can be done here.`);
    while (this.#exitCode === undefined) {
      const line = await editor.ask("> ");
      if (line === undefined) break;
      this.#isLast = false;
      await this.#act(line.trim());
    }
    if (this.#exitCode === undefined) await this.#context.stderr.write("\n");
    return this.#exitCode ?? 0;
  }

  async abort(): Promise<void> {
    if (this.#turn) this.#turn.abort();
    else await this.note("Nothing is running.");
  }

  leave(exitCode: number): Promise<void> {
    this.#close(exitCode);
    return Promise.resolve();
  }

  async help(): Promise<void> {
    const width = Math.max(...slashCommands.map(({ name }) => name.length));
    for (const { name, says } of slashCommands) await this.note(`${name.padEnd(width)}  ${says}`);
  }

  async reset(): Promise<void> {
    const client = await this.#connected();
    await client.call("sessions.reset", { sessionKey: this.#sessionKey }, { signal: this.#context.signal });
    await this.note("The conversation is empty again.");
  }

  async session(key: string): Promise<void> {
    if (key !== "") this.#sessionKey = key;
    await this.note(`Session ${this.#sessionKey}.`);
  }

  async note(text: string): Promise<void> {
    const { stderr } = this.#context;
    await stderr.write(`${styleFor(stderr, this.#context).dim(safeText(text))}\n`);
  }

  /** One failure does not end the conversation. */
  async #act(line: string): Promise<void> {
    if (line === "") return;
    try {
      if (line.startsWith("/")) await this.#command(line);
      else await this.#say(line);
    } catch (error) {
      if (this.#exitCode === undefined) await this.#report(error);
    }
  }

  async #command(line: string): Promise<void> {
    const [, name = "", rest = ""] = /^(\S+)\s*(.*)$/s.exec(line) ?? [];
    const command = slashCommands.find((known) => known.name === name);
    if (command) return command.run(this, rest);
    const meant =
      nearest(
        name,
        slashCommands.map((known) => known.name),
      ) ?? "/help";
    await this.note(`There is no ${safeLine(name)}; try ${meant}. A message may not begin with a slash.`);
  }

  async #say(message: string): Promise<void> {
    const turn = new AbortController();
    this.#turn = turn;
    const printer = new TurnPrinter(this.#context);
    try {
      const client = await this.#connected();
      const request = { sessionKey: this.#sessionKey, message, runId: newId() };
      for await (const event of runTurn(client, request, turn.signal)) await printer.print(event);
    } finally {
      this.#turn = undefined;
      await printer.finishLine();
    }
  }

  async #connected(): Promise<Client> {
    if (!this.#client.isOpen) {
      this.#client[Symbol.dispose]();
      this.#client = await this.#open();
    }
    return this.#client;
  }

  /** First a turn, or what was typed, is given up; then, at once again, the conversation. */
  #interrupt(): void {
    if (this.#isLast) return this.#close(new Interrupted("SIGINT").exitCode);
    this.#isLast = true;
    if (this.#turn) return this.#turn.abort();
    this.note("\nCtrl-C again leaves.").then(
      () => this.#editor?.restart(),
      () => this.#close(1),
    );
  }

  #takeEarly(line: string): boolean {
    if (line.trim() !== "/abort" || !this.#turn) return false;
    this.#turn.abort();
    return true;
  }

  #close(exitCode: number): void {
    this.#exitCode ??= exitCode;
    this.#editor?.[Symbol.dispose]();
    this.#client[Symbol.dispose]();
  }

  async #report(error: unknown): Promise<void> {
    if (error instanceof Error && "code" in error && error.code === "EPIPE") throw error;
    const { stderr } = this.#context;
    const { message, advice, stack } = explain(error);
    const style = styleFor(stderr, this.#context);
    const parts = [
      ...(stack ? [stack] : []),
      `${style.red("error:")} ${safeText(asCalled(this.#context, message))}`,
      ...(advice ? [asCalled(this.#context, advice)] : []),
    ];
    await stderr.write(`${parts.join("\n")}\n`);
  }
}
