import { expect, test } from "bun:test";
import { join } from "node:path";
import type { TurnTools } from "#agent";
import { says } from "../support/scripted-provider.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { noTools, shown, Walk } from "../support/walk.ts";

test("what a tool was about to do is on disk before it does it: a kill -9 amid it leaves the intent, and it is not done again", async () => {
  using folder = tempFolder();
  const holder = Bun.spawn([process.execPath, join(import.meta.dir, "../support/tool-holder.ts"), folder.path], {
    stdout: "pipe",
    stderr: "inherit",
  });
  for await (const said of holder.stdout) if (said.length > 0) holder.kill("SIGKILL");
  await holder.exited;

  const ran: string[] = [];
  const tools: TurnTools = {
    ...noTools,
    run: async ({ name }) => {
      ran.push(name);
      return { text: "paid", durationMs: 1 };
    },
  };
  await using walk = new Walk({ folder: folder.path, tools, answer: () => says("done") });
  const intents = (await walk.log()).filter((event) => event.kind === "ToolCalled" || event.kind === "ToolResult");
  expect(intents).toEqual([{ kind: "ToolCalled", runId: "m1", callId: "c1", tool: "pay", params: { amount: 7 } }]);
  expect((await walk.gateway.trace("m1"))[0]).toMatchObject({
    state: "started",
    outstanding: ["an answer: the turn waits to be taken up again", "the result of pay"],
  });
  await walk.recovered();
  await walk.ending("m1");
  expect(ran).toEqual([]);
  expect(shown(walk.asked[0]).at(-1)).toContain("Outcome unknown");
});
