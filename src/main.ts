import { openTerminal, runCli } from "#cli";
import { readEnvironment } from "#config";
import { createCliContext } from "./cli-context.ts";

const context = createCliContext(openTerminal(), readEnvironment());
const exitCode = await runCli(Bun.argv.slice(2), context);
process.exit(exitCode);
