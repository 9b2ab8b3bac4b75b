/**
 * Tries an executable out as a newcomer would, in a temporary folder, and says step by step what it found:
 *
 *     npm run smoke -- [executable] [--launcher wine]
 *
 * It needs neither a network nor an account: the demo model answers.
 */
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { Installation } from "./smoke/installation.ts";
import { steps } from "./smoke/steps.ts";

const { values, positionals } = parseArgs({
  args: Bun.argv.slice(2),
  allowPositionals: true,
  options: { launcher: { type: "string", default: "" } },
});
const executable = resolve(positionals[0] ?? join(import.meta.dir, "../dist/openclaw-linux-x86_64"));
const launcher = values.launcher.split(" ").filter((word) => word !== "");

await trySteps();
console.log(`${executable} works here`);

async function trySteps(): Promise<void> {
  await using installation = await Installation.make({ command: [...launcher, executable] });
  for (const step of steps) {
    const begin = performance.now();
    const found = await step.run(installation);
    console.log(`ok  ${step.name}${found ? `: ${found}` : ""}  (${Math.round(performance.now() - begin)} ms)`);
  }
}
