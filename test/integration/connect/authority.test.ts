import { describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { dirname } from "node:path";
import { commands } from "../../../src/rpc/commands/index.ts";
import { DeviceKey } from "../../support/device-key.ts";
import { startFakeModel } from "../../support/fake-model.ts";
import { fakeModelConfig } from "../../support/gateway-process.ts";
import { type OpenGateway, openGateway, sharedToken } from "../../support/open-gateway.ts";
import { operators } from "../../support/scope-callers.ts";
import { SocketClient } from "../../support/socket-client.ts";
import { until } from "../../support/until.ts";

const token = { token: sharedToken };

function socketUrl({ app }: OpenGateway): string {
  return new URL("/ws", app.url).href.replace("http", "ws");
}

async function hashOf(gateway: OpenGateway, headers?: Record<string, string>): Promise<unknown> {
  return (await gateway.call("config.get", {}, headers)).body.result?.["hash"];
}

describe("SEC-22: what is said in a chat", () => {
  const words = commands.flatMap(({ name, aliases }) => [name, ...aliases]);

  test.each(operators)(
    "does for $who what a call of the same would do, over every way in",
    async ({ scopes, opens }) => {
      await using gateway = await openGateway();
      await using open = await openGateway('[gateway.auth]\nmode = "none"\n', {});
      const device = await gateway.enter({ auth: token, device: new DeviceKey(), scopes });
      await using socket = await SocketClient.open(socketUrl(gateway), null);
      await socket.call("connect", { auth: token, scopes });
      const headers = { "x-openclaw-scopes": scopes.join(",") };
      for (const { name, aliases, method } of commands) {
        for (const word of [name, ...aliases, name.toUpperCase(), ` ${name}`]) {
          const missing = ["operator.write" as const, method.scope].find((scope) => !opens.includes(scope));
          const said = { sessionKey: "main", message: word.startsWith(" ") ? ` /${word.trim()} ` : `/${word}` };
          const overSocket = await socket.ask("chat.send", said);
          expect([word, overSocket.error?.data?.["scope"]]).toEqual([word, missing]);
          const overHttp = await open.call("agent", said, headers);
          expect([word, overHttp.body.error?.data?.["scope"]]).toEqual([word, missing]);
          const openClaw = { ...said, idempotencyKey: crypto.randomUUID() };
          const { error } = await device.client.ask("chat.send", openClaw);
          expect([word, error?.details?.["missingScope"]]).toEqual([word, missing]);
        }
      }
    },
  );

  test("is for the model where it names no command of ours, and changes no setting", async () => {
    await using model = startFakeModel({ script: () => "I cannot do that." });
    await using gateway = await openGateway(fakeModelConfig(model.url));
    const before = await hashOf(gateway);
    await using socket = await SocketClient.open(socketUrl(gateway), null);
    await socket.call("connect", { auth: token, scopes: ["operator.write"] });
    const others = [
      "/config set gateway.auth.mode none",
      "/approve x",
      "/pair approve x",
      "/allowlist add *",
      "/debug on",
    ];
    for (const message of [...others, "/verbose on", "/elevated full", "/exec host=gateway", "/restart", "/bash id"]) {
      expect(words).not.toContain(message.slice(1).split(" ")[0] ?? "");
      expect(await socket.chat(message)).toMatchObject({ state: "final", text: "I cannot do that." });
    }
    expect(await hashOf(gateway)).toEqual(before);
  });
});

describe("SEC-25: the model", () => {
  test("has no tool that changes a setting, pairs a device or calls a method, whatever it calls it", async () => {
    const patch = {
      patch: { gateway: { auth: { mode: "none" } }, sandbox: { mode: "never" } },
      __proto__: { mode: "none" },
    };
    const names = [
      "config.patch",
      "config_patch",
      "config.set",
      "config.apply",
      "gateway",
      "device.pair.approve",
      "rpc",
    ];
    const calls = names.map((name, at) => ({ parts: [{ toolCall: { id: `call-${at}`, name, args: patch } }] }));
    await using model = startFakeModel({ script: [...calls, "done"] });
    await using gateway = await openGateway(fakeModelConfig(model.url));
    const before = await hashOf(gateway);
    await using socket = await SocketClient.open(socketUrl(gateway), sharedToken);
    expect(await socket.chat("please")).toMatchObject({ state: "final", text: "done" });
    const ended = socket.notifications.filter(({ method }) => method === "agent.tool.result");
    expect(ended.map(({ params }) => [params["tool"], params["success"]])).toEqual(
      names.map((name) => [name.replaceAll(".", "_"), false]),
    );
    expect(await hashOf(gateway)).toEqual(before);
    const { tools } = await socket.call<{ tools: { name: string }[] }>("tools.catalog");
    expect(tools.filter(({ name }) => /config|gateway|pair|device|rpc|setting/i.test(name))).toEqual([]);
  });
});

describe("SEC-26: what a client says of itself", () => {
  const claims = {
    "x-openclaw-scopes": "operator.admin",
    "x-openclaw-owner": "true",
    "x-openclaw-role": "operator",
    "x-openclaw-client": "acp",
    "x-openclaw-device-id": "0".repeat(64),
    "x-openclaw-sender-is-owner": "true",
    "x-auth-user": "ada",
  };

  test("in headers opens nothing", async () => {
    await using gateway = await openGateway();
    const { body } = await gateway.call("status", {}, claims);
    expect(body.error?.data).toMatchObject({ name: "unauthorized" });
    const { answer } = await gateway.enter({ auth: token, client: { id: "test", mode: "test" } }, claims);
    expect(answer.payload?.["auth"]).toMatchObject({ scopes: [] });
  });

  test.each(["cli", "gateway-client", "acp", "openclaw-macos", "operator.admin"])(
    "as client %s gets it no more than its secret and its scopes do",
    async (id) => {
      await using gateway = await openGateway();
      await using socket = await SocketClient.open(socketUrl(gateway), null);
      const client = { id, version: "1", isOwner: true, senderIsOwner: true, scopes: ["operator.admin"] };
      const more = { role: "admin", isOwner: true, caps: ["admin"], permissions: { all: true } };
      const hello = await socket.ask("connect", { auth: token, scopes: ["operator.read"], client, ...more });
      expect(hello.result).toMatchObject({ scopes: ["operator.read"] });
      expect((await socket.ask("sessions.reset", { sessionKey: "main" })).error?.data).toMatchObject({
        name: "missingScope",
      });
    },
  );

  test("in fields that the protocol does not know, or as another role, changes no scope", async () => {
    await using gateway = await openGateway();
    const stranger = gateway.join();
    await stranger.connected();
    const { payload } = await stranger.ask("connect", {
      minProtocol: 4,
      maxProtocol: 4,
      client: { id: "gateway-client", mode: "backend", version: "1", platform: "linux" },
      auth: token,
      scopes: ["operator.read"],
      isOwner: true,
      isAuthenticated: true,
      caller: { scopes: ["operator.admin"] },
    });
    expect(payload?.["auth"]).toMatchObject({ role: "operator", scopes: ["operator.read"] });
    expect((await stranger.ask("config.patch", { raw: "{}" })).error?.code).toBe("FORBIDDEN");
    const node = { id: "node-host", mode: "node" };
    const asNode = await gateway.enter({
      auth: token,
      device: new DeviceKey(),
      client: node,
      role: "node",
      scopes: [],
    });
    expect((await asNode.client.ask("config.get")).error?.message).toContain("unauthorized role");
    const asPage = await gateway.enter({ auth: token, client: { id: "openclaw-control-ui", mode: "ui" } });
    expect(asPage.answer.ok).toBe(false);
  });
});

describe("SEC-27: the name of a session", () => {
  const keys = [
    "../../x",
    "../../../../etc/passwd",
    "a/b",
    "..\\..\\x",
    "agent:../../x:main",
    "agent:main:../../../x",
    "%2e%2e%2fx",
    "x%00.txt",
    "x\u0000",
    "x\n[gateway]",
    "x".repeat(10_240),
    "__proto__",
    "constructor",
    "{{payload.key}}",
    "${HOME}",
    "agent:other:main",
    "agent:main:telegram:default:direct:1",
    "\ud800",
  ];

  test("leads to no file, whatever it is, and to no other session", async () => {
    await using gateway = await openGateway();
    await using socket = await SocketClient.open(socketUrl(gateway), sharedToken);
    await socket.chat("what only main has", "main");
    const folders = () => [gateway.home, dirname(gateway.home)].map((folder) => filesBelow(folder, gateway.home));
    const before = folders();
    let taken = 0;
    for (const sessionKey of keys) {
      const { error } = await socket.ask("chat.send", { sessionKey, message: "hello" });
      if (error) expect(["agentNotFound", "invalidParams"], sessionKey).toContain(String(error.data?.["name"]));
      else taken++;
      for (const method of ["chat.history", "sessions.describe", "sessions.export", "sessions.get"]) {
        expect(JSON.stringify(await socket.ask(method, { sessionKey }))).not.toContain("what only main has");
      }
    }
    expect(taken).toBeGreaterThan(5);
    await until("the turns", async () => {
      const { turns } = await socket.call<{ turns: { running: number; waiting: number } }>("status");
      return turns.running + turns.waiting === 0;
    });
    expect(folders()).toEqual(before);
    const { sessions } = await socket.call<{ sessions: { key: string }[] }>("sessions.list", { limit: 100 });
    for (const session of sessions) expect(session.key).toMatch(/^agent:[a-z0-9_-]+:/);
  });
});

/** The names below our own folder, and beside it. */
function filesBelow(folder: string, own: string): string[] {
  const isOwn = folder === own;
  const names = readdirSync(folder, { recursive: isOwn }).map(String);
  return names.filter((name) => isOwn || !name.startsWith("openclaw-test-")).toSorted();
}
