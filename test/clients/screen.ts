import { openclaw } from "./installed.ts";

/** A person at a terminal in which the original's text interface runs: types, and reads what is on the screen. */
export interface Person extends AsyncDisposable {
  type(keys: string): void;
  /** Resolves when this appears behind everything that was waited for before. */
  see(text: string): Promise<void>;
  /** What appeared behind everything that was waited for. */
  unread(): string;
}

const withinMs = 30_000;

export const enter = "\r";
export const escape = "\u001B";

export function sitDown(environment: Record<string, string>, cwd: string): Person {
  let written = "";
  let read = 0;
  let changed = Promise.withResolvers<void>();
  const decoder = new TextDecoder();
  const child = Bun.spawn([...openclaw, "tui"], {
    env: environment,
    cwd,
    terminal: {
      cols: 120,
      rows: 40,
      data(_terminal, bytes) {
        written += decoder.decode(bytes, { stream: true });
        changed.resolve();
      },
    },
  });
  // The interface redraws line by line, so that what appears is text of its own between the codes that place it.
  const text = () => Bun.stripANSI(written);
  return {
    type: (keys) => void child.terminal?.write(keys),
    async see(wanted) {
      const timeout = AbortSignal.timeout(withinMs);
      const tooLate = Promise.withResolvers<never>();
      timeout.addEventListener("abort", () =>
        tooLate.reject(new Error(`never saw ${wanted} in ${JSON.stringify(text().slice(read).slice(-2_000))}`)),
      );
      tooLate.promise.catch(() => undefined); // only looked at while somebody waits
      while (!text().includes(wanted, read)) {
        changed = Promise.withResolvers<void>();
        await Promise.race([changed.promise, tooLate.promise]);
      }
      read = text().indexOf(wanted, read) + wanted.length;
    },
    unread: () => text().slice(read),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}
