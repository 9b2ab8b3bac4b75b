import { afterAll, beforeAll, expect, test } from "bun:test";
import { version } from "../../package.json";
import { type House, openHouse } from "./house.ts";

const opened = new AsyncDisposableStack();
const found: { house?: House } = {};
beforeAll(async () => {
  found.house = opened.use(
    await openHouse("CLI", (call) => {
      const asked = call.messages.at(-1)?.text ?? "";
      if (asked === "fail") return { status: 400, chunks: ['{"error":{"message":"no such luck"}}'] };
      return `You said: ${asked}`;
    }),
  );
});
afterAll(() => opened.disposeAsync());

function house(): House {
  if (!found.house) throw new Error("the house is not open");
  return found.house;
}

/** What a command prints that must not fail. */
async function printed(...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await house().run(...args);
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
  return stdout;
}

const printedJson = async (...args: string[]): Promise<unknown> => JSON.parse(await printed(...args, "--json"));

test("gateway call asks for a method and prints its answer", async () => {
  expect(await printedJson("gateway", "call", "health")).toMatchObject({ ok: true, defaultAgentId: "main" });
});

test("gateway call says of an unknown method that it is one", async () => {
  const { exitCode, stdout, stderr } = await house().run("gateway", "call", "no.such.method");
  expect(exitCode).toBe(1);
  expect(stdout + stderr).toContain("unknown method: no.such.method");
});

test("a wrong token is refused", async () => {
  const { exitCode, stdout, stderr } = await house().run("gateway", "call", "health", "--token", "not-the-token");
  expect(exitCode).toBe(1);
  expect(stdout + stderr).toContain("gateway token mismatch");
});

test("health shows the agent and the channel", async () => {
  const text = await printed("health");
  expect(text).toContain("Web chat: configured");
  expect(text).toContain("Agents: main (default)");
  expect(await printedJson("health")).toMatchObject({ ok: true, channels: { webchat: { connected: true } } });
});

test("gateway status reaches the gateway and names its version", async () => {
  const text = await printed("gateway", "status");
  expect(text).toContain("Connectivity probe: ok");
  expect(text).toContain(`Gateway version: ${version}`);
});

test("gateway probe reaches the gateway", async () => {
  expect(await printedJson("gateway", "probe")).toMatchObject({ ok: true, primaryTargetId: "localLoopback" });
});

test("agent runs a turn, prints the answer, and the next one goes on from there", async () => {
  expect(await printed("agent", "--agent", "main", "--message", "first")).toBe("You said: first\n");
  expect(await printedJson("agent", "--agent", "main", "--message", "second")).toMatchObject({
    status: "ok",
    result: { payloads: [{ text: "You said: second" }], meta: { agentMeta: { provider: "fake", model: "fake-1" } } },
  });
  expect(
    house()
      .model.requests.at(-1)
      ?.messages.map(({ text }) => text),
  ).toEqual(["first", "You said: first", "second"]);
  const params = JSON.stringify({ sessionKey: "main" });
  expect(await printedJson("gateway", "call", "chat.history", "--params", params)).toMatchObject({
    messages: [{ role: "user" }, { role: "assistant" }, { role: "user" }, { role: "assistant" }],
  });
  expect(await printedJson("gateway", "call", "sessions.list")).toMatchObject({
    sessions: [{ key: "agent:main:main", lastMessagePreview: "You said: second" }],
  });
});

test("agent fails when the model does", async () => {
  const { exitCode, stdout, stderr } = await house().run("agent", "--agent", "main", "--message", "fail");
  expect(exitCode).toBe(1);
  expect(stdout + stderr).toContain("no such luck");
});

test("status finds the gateway and its sessions", async () => {
  expect(await printed("status")).toMatch(
    /Gateway +│ local · ws:\/\/127\.0\.0\.1:\d+ .*· reachable \d+ms · auth token/,
  );
  expect(await printedJson("status")).toMatchObject({
    runtimeVersion: version,
    gateway: { reachable: true },
    agents: { agents: [{ id: "main", sessionsCount: 1 }] },
    sessions: { recent: [{ key: "agent:main:main" }], defaults: { model: "fake-1", contextTokens: 200_000 } },
  });
});

test("status --all reports without failing", async () => {
  expect(await printed("status", "--all")).toMatch(/Gateway +│ local · .*reachable \d+ms/);
});

test("models list shows the models of the gateway", async () => {
  expect(await printed("models", "list")).toMatch(/fake\/fake-1.*\n.*fake\/fake-2/);
  expect(await printedJson("models", "list")).toMatchObject({
    count: 2,
    models: [{ key: "fake/fake-1", contextWindow: 200_000 }, { key: "fake/fake-2" }],
  });
});

test("channels status shows the channels of the gateway", async () => {
  expect(await printed("channels", "status")).toContain("Gateway reachable.");
  expect(await printedJson("channels", "status")).toMatchObject({
    channelLabels: { webchat: "Web chat" },
    channels: { webchat: { running: true } },
  });
});

test("system presence shows who is connected", async () => {
  expect(await printedJson("system", "presence")).toMatchObject([{ text: expect.stringContaining("cli") }]);
});

test("all that the gateway said fits the original's schema", () => {
  expect(house().relay.said.length).toBeGreaterThan(40);
  house().expectSchema();
});
