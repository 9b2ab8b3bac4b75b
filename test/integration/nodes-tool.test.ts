import { expect, test } from "bun:test";
import type { NodeAccess, NodeCommand, NodeListing } from "#tools";
import { toolboxAtHand } from "../support/toolbox.ts";

const laptop: NodeListing = {
  nodeId: "n1",
  name: "laptop",
  platform: "linux",
  isConnected: true,
  commands: ["system.run", "system.which"],
};

function access(nodes: readonly NodeListing[], answer: Awaited<ReturnType<NodeAccess["invoke"]>>) {
  const asked: NodeCommand[] = [];
  const fake: NodeAccess = {
    list: async () => nodes,
    invoke: async (command) => {
      asked.push(command);
      return answer;
    },
  };
  return { asked, access: fake };
}

test("the model lists the nodes, looks at one, and asks it", async () => {
  const { asked, access: nodes } = access([laptop], { done: true, text: '{"bins":{}}' });
  await using at = await toolboxAtHand({ nodes });
  expect((await at.use("nodes", { action: "list" })).text).toBe("laptop (id n1, linux): connected, 1 usable commands");
  expect((await at.use("nodes", { action: "describe", node: "n1" })).text).toEndWith("Commands: system.which");
  const call = { action: "invoke", node: "laptop", command: "system.which", params: { bins: ["git"] }, timeoutMs: 5 };
  expect(await at.use("nodes", call)).toMatchObject({ failed: false, text: '{"bins":{}}' });
  expect(asked).toEqual([{ nodeId: "n1", command: "system.which", params: { bins: ["git"] }, timeoutMs: 5 }]);
  expect(at.toolbox.find("nodes")?.effect).toBe("once");
});

test.each([
  ["a command that the owner did not allow", { node: "laptop", command: "system.run" }, "tools.nodes.allow"],
  ["no command", { node: "laptop" }, "Name the command."],
  ["no node", { command: "system.which" }, "Name the node"],
  ["a node that is not there", { node: "phone", command: "system.which" }, "The nodes are: laptop, twin, twin."],
  ["a name that two nodes have", { node: "twin", command: "system.which" }, "Several nodes have this name"],
])("%s is refused in a sentence", async (_what, call, sentence) => {
  const twins = ["n2", "n3"].map((nodeId) => ({ ...laptop, nodeId, name: "twin" }));
  const { asked, access: nodes } = access([laptop, ...twins], { done: true, text: "" });
  await using at = await toolboxAtHand({ nodes });
  const outcome = await at.use("nodes", { action: "invoke", ...call });
  expect(outcome).toMatchObject({ failed: true, text: expect.stringContaining(sentence) });
  expect(asked).toEqual([]);
});

test("what the gateway says against it, the model reads", async () => {
  const { access: nodes } = access([laptop], { done: false, because: "The node “n1” is not connected." });
  await using at = await toolboxAtHand({ nodes });
  expect(await at.use("nodes", { action: "invoke", node: "n1", command: "system.which" })).toMatchObject({
    failed: true,
    text: "The node “n1” is not connected.",
  });
});

test("a long answer is cut", async () => {
  const { access: nodes } = access([laptop], { done: true, text: "x".repeat(100_000) });
  await using at = await toolboxAtHand({ nodes });
  const { text } = await at.use("nodes", { action: "invoke", node: "n1", command: "system.which" });
  expect(text.length).toBeLessThanOrEqual(32_768);
});

test("without leave for any node the agent does not have the tool", async () => {
  await using at = await toolboxAtHand({
    settings: { nodes: { enabled: false, allow: ["system.which"], ids: ["*"] } },
  });
  expect(at.toolbox.find("nodes")).toBeUndefined();
  expect(at.toolbox.specs().map(({ name }) => name)).not.toContain("nodes");
});
