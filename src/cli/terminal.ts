import { type Input, Interrupted, type Output, type Terminal } from "./context.ts";
import { CommandFailed } from "./failure.ts";
import { fstatSync, statSync } from "node:fs";

/**
 * The terminal of this process. `process.stdout` and its siblings are touched only when somebody asks whether they are
 * terminals: Node's streams take longer to load than most commands to run.
 */
export function openTerminal(): Terminal & Disposable {
  const end = new AbortController();
  const hungUp = Promise.withResolvers<void>();
  const takers: (() => void)[] = [];
  const hangupTakers: (() => void)[] = [];
  const interrupt = () => {
    const taker = takers.at(-1);
    if (taker) return taker();
    stop("SIGINT");
  };
  const stop = (by: "SIGINT" | "SIGTERM" | "SIGHUP") => {
    if (by === "SIGHUP") hungUp.resolve();
    end.abort(new Interrupted(by));
    // From here the system's own handling is back: a second Ctrl-C ends the process at once.
    release();
  };
  const listeners = {
    SIGINT: interrupt,
    SIGTERM: () => stop("SIGTERM"),
    SIGHUP: () => {
      const taker = hangupTakers.at(-1);
      if (taker && !hasTerminal()) taker();
      else stop("SIGHUP");
    },
  } as const;
  const release = () => {
    for (const [name, listener] of Object.entries(listeners)) process.off(name, listener);
  };
  for (const [name, listener] of Object.entries(listeners)) process.on(name, listener);

  const stderr = openOutput(Bun.stderr, () => process.stderr.isTTY, hungUp.promise);
  return {
    stdout: openOutput(Bun.stdout, () => process.stdout.isTTY, hungUp.promise),
    stderr,
    stdin: openInput(),
    signal: end.signal,
    takeInterrupts: (listener) => taken(takers, listener),
    takeHangups: (listener) => taken(hangupTakers, listener),
    async openEditor(options) {
      const { createEditor } = await import("./line-editor.ts");
      return createEditor(options, stderr);
    },
    [Symbol.dispose]: release,
  };
}

function taken(takers: (() => void)[], listener: () => void): Disposable {
  takers.push(listener);
  return {
    [Symbol.dispose]: () => {
      const at = takers.indexOf(listener);
      if (at !== -1) takers.splice(at, 1);
    },
  };
}

/** A terminal that was closed is not one any more to those who ask for it; what its input was, it still is. */
function hasTerminal(): boolean {
  if (process.platform === "win32") return true;
  const input = fstatSync(0);
  return input.isCharacterDevice() && input.rdev !== statSync("/dev/null").rdev;
}

/** What is written to a terminal that was closed never leaves; after the hang-up nobody waits for it. */
function openOutput(file: Bun.BunFile, isTty: () => boolean, hungUp: Promise<void>): Output {
  const opened: { sink?: Bun.FileSink } = {};
  const write = async (text: string) => {
    const sink = (opened.sink ??= file.writer());
    await sink.write(text);
    await sink.flush();
  };
  return {
    get isTty() {
      return isTty();
    },
    write: (text) => Promise.race([hungUp, write(text)]),
  };
}

function openInput(): Input {
  return {
    get isTty() {
      return process.stdin.isTTY;
    },
    async readAll(mostBytes) {
      const chunks: Uint8Array[] = [];
      let bytes = 0;
      for await (const chunk of Bun.stdin.stream()) {
        bytes += chunk.byteLength;
        if (bytes > mostBytes) {
          const message = `The input is longer than ${mostBytes} bytes.`;
          throw new CommandFailed({ type: "inputTooLarge", message, advice: "Send it in smaller pieces." });
        }
        chunks.push(chunk);
      }
      return Buffer.concat(chunks).toString("utf8");
    },
  };
}
