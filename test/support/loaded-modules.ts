/** A process that runs a command line and tells which modules that took: `bun loaded-modules.ts …argv`. */
import { runCli } from "#cli";

const printed: string[] = [];
const output = { isTty: false, write: async (text: string) => void printed.push(text) };
await runCli(process.argv.slice(2), {
  stdout: output,
  stderr: output,
  environment: {},
  signal: new AbortController().signal,
  version: { version: "9.9.9", protocols: {}, schemas: async () => ({}) },
} as never);
process.stdout.write(JSON.stringify({ printed, loaded: Object.keys(require.cache) }));
