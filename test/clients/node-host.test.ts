import { afterAll, beforeAll, expect, test } from "bun:test";
import { until } from "../support/until.ts";
import { type House, openHouse } from "./house.ts";

const opened = new AsyncDisposableStack();
const found: { house?: House; node?: AsyncDisposable } = {};
const which = { bins: ["sh"] };
beforeAll(async () => {
  found.house = opened.use(
    await openHouse("node host", (call) => {
      const { text = "", role } = call.messages.at(-1) ?? {};
      if (role === "tool") return `The node said: ${text}`;
      const args = { action: "invoke", node: "Test node", command: "system.which", params: which };
      return { parts: [{ toolCall: { id: "c1", name: "nodes", args } }] };
    }),
  );
  opened.defer(() => found.node?.[Symbol.asyncDispose]());
});
afterAll(() => opened.disposeAsync());

function house(): House {
  if (!found.house) throw new Error("the house is not open");
  return found.house;
}

interface Pending {
  readonly requestId: string;
  readonly displayName: string;
  readonly commands: readonly string[];
}

interface Listed {
  readonly nodes: readonly { readonly displayName: string; readonly connected: boolean }[];
}

function startNode(): AsyncDisposable {
  const at = ["--host", "127.0.0.1", "--port", String(house().port)];
  return house().start("node", "run", ...at, "--display-name", "Test node");
}

function invoke() {
  const command = ["--command", "system.which", "--params", JSON.stringify(which)];
  return house().run("nodes", "invoke", "--node", "Test node", ...command);
}

/** Waits until the node is listed as connected, or as gone. */
const nodeIs = (connected: boolean) =>
  until(
    `the node to be ${connected ? "connected" : "gone"}`,
    async () => ((await house().ask("node.list")) as Listed).nodes.some((node) => node.connected === connected),
    30_000,
  );

test("a node connects, and nothing of it may be used before somebody agrees", async () => {
  found.node = startNode();
  await nodeIs(true);
  const { exitCode, stdout, stderr } = await invoke();
  expect(exitCode).toBe(1);
  expect(stdout + stderr).toContain("node command not allowed: command not approved");
});

test("once it is approved, its commands are carried out there", async () => {
  const { pending } = JSON.parse((await house().run("nodes", "list", "--json")).stdout) as { pending: Pending[] };
  expect(pending).toMatchObject([{ displayName: "Test node", commands: expect.arrayContaining(["system.which"]) }]);
  const approved = await house().run("nodes", "approve", pending[0]?.requestId ?? "");
  expect(approved).toMatchObject({ exitCode: 0 });
  const { exitCode, stdout } = await invoke();
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ ok: true, payload: { bins: { sh: expect.stringMatching(/\/sh$/) } } });
});

test("the command line lists the node and its device", async () => {
  const status = await house().run("nodes", "status");
  expect(status.stdout).toContain("Known: 1 · Paired: 1 · Connected: 1");
  const { stdout } = await house().run("devices", "list", "--json");
  expect(JSON.parse(stdout)).toMatchObject({ pending: [], paired: [{ displayName: "Test node", roles: ["node"] }] });
});

test("the agent may ask the node", async () => {
  const { exitCode, stdout } = await house().run("agent", "--agent", "main", "--message", "where is sh on the node?");
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/The node said: .*\/sh/s);
});

test("a node that comes back is known, and may be used at once", async () => {
  await found.node?.[Symbol.asyncDispose]();
  await nodeIs(false);
  found.node = startNode();
  await nodeIs(true);
  expect(await invoke()).toMatchObject({ exitCode: 0 });
});

test("all that the gateway said fits the original's schema", () => {
  expect(house().relay.said.length).toBeGreaterThan(40);
  house().expectSchema();
});
