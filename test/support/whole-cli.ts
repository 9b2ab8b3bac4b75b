import { runCli, type Terminal } from "#cli";
import { createCliContext } from "../../src/cli-context.ts";
import { type OpenGateway, sharedToken } from "./open-gateway.ts";

export interface Person {
  readonly environment?: Readonly<Record<string, string>>;
  /** Piped in. */
  readonly stdin?: string;
  /** Typed where nobody sees it; with it, stdin is a terminal. */
  readonly typed?: readonly string[];
}

/** The whole command line over a home. */
export async function openclaw(home: string, argv: readonly string[], { environment = {}, stdin, typed }: Person = {}) {
  const written = { stdout: "", stderr: "" };
  const answers = [...(typed ?? [])];
  const output = (name: "stderr" | "stdout") => ({
    isTty: false,
    write: async (text: string) => void (written[name] += text),
  });
  const terminal: Terminal = {
    stdout: output("stdout"),
    stderr: output("stderr"),
    stdin: { isTty: typed !== undefined, readAll: async () => stdin ?? "" },
    signal: new AbortController().signal,
    takeInterrupts: () => ({ [Symbol.dispose]() {} }),
    takeHangups: () => ({ [Symbol.dispose]() {} }),
    openEditor: async () => ({
      ask: async () => undefined,
      askSecret: async () => answers.shift(),
      restart() {},
      [Symbol.dispose]() {},
    }),
  };
  // A port where nobody listens, unless a gateway is meant.
  const context = createCliContext(terminal, { OPENCLAW_HOME: home, OPENCLAW_GATEWAY_PORT: "9", ...environment });
  return { exitCode: await runCli(argv, context), ...written };
}

/** A command line that means this gateway. */
export const toGateway = (gateway: OpenGateway) => ({
  environment: { OPENCLAW_GATEWAY_PORT: gateway.app.url.port, OPENCLAW_GATEWAY_TOKEN: sharedToken },
});
