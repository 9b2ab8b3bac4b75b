import { expect, test } from "bun:test";
import type { NodeAccess } from "#tools";
import { isPermittedCommand, permittedNodes } from "../../../src/tools/permitted-nodes.ts";

test.each([
  ["system.which", ["system.which"], true],
  ["system.run", ["system.which"], false],
  ["system.run", ["system.run"], true],
  ["system.run.prepare", ["system.run"], false],
  ["system.run", ["system.*"], false],
  ["system.execApprovals.set", ["system.*"], false],
  ["system.notify", ["system.*"], true],
  ["fs.listDir", ["fs.*"], false],
  ["browser.proxy", ["browser.*", "*"], false],
  ["device.info", ["device.*"], true],
  ["device", ["device.*"], false],
  ["devices.info", ["device.*"], false],
  ["device.info", ["*"], false],
  ["device.info", [], false],
])("%s, where %p is allowed: %p", (command, allow, isPermitted) => {
  expect(isPermittedCommand(command, { allow })).toBe(isPermitted);
});

test.each([
  ["switched off", { enabled: false, allow: ["a.b"], ids: ["*"] }],
  ["no command", { enabled: true, allow: [], ids: ["*"] }],
  ["no node", { enabled: true, allow: ["a.b"], ids: [] }],
])("with %s there is nothing to use", (_what, policy) => {
  expect(permittedNodes(access([]), policy)).toBeUndefined();
});

test("of the nodes and their commands, those that the settings name are seen and asked", async () => {
  const asked: string[] = [];
  const permitted = permittedNodes(access(asked), { enabled: true, allow: ["system.which"], ids: ["n1"] });
  expect(await permitted?.list()).toMatchObject([{ nodeId: "n1", commands: ["system.which"] }]);
  const { signal } = new AbortController();
  const invoke = (nodeId: string, command: string) => permitted?.invoke({ nodeId, command }, signal);
  expect(await invoke("n2", "system.which")).toMatchObject({ done: false, because: expect.stringContaining("node") });
  expect(await invoke("n1", "system.run")).toMatchObject({
    done: false,
    because: expect.stringContaining('"system.run"; the owner can add it to tools.nodes.allow'),
  });
  expect(asked).toEqual([]);
  expect(await invoke("n1", "system.which")).toEqual({ done: true, text: "" });
  expect(asked).toEqual(["n1 system.which"]);
});

function access(asked: string[]): NodeAccess {
  const node = { platform: "linux", isConnected: true, commands: ["system.run", "system.which"] };
  return {
    list: async () => [
      { ...node, nodeId: "n1" },
      { ...node, nodeId: "n2" },
    ],
    invoke: async ({ nodeId, command }) => {
      asked.push(`${nodeId} ${command}`);
      return { done: true, text: "" };
    },
  };
}
