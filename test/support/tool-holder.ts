/** Run as a process by the test that kills it amid a tool: says on its output that the tool is at work, and stays in it. */
import type { TurnTools } from "#agent";
import { calls } from "./scripted-provider.ts";
import { noTools, Walk } from "./walk.ts";

const tools: TurnTools = {
  ...noTools,
  run: async () => {
    process.stdout.write("at work\n");
    return new Promise(() => {});
  },
};
const walk = new Walk({ folder: process.argv[2] ?? "", tools, answer: () => calls(["c1", "pay", { amount: 7 }]) });
await walk.say("pay");
