import { describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { silentLog, systemClock } from "#base";
import { locateHome } from "#config";
import { openSqlite } from "#storage";
import { type App, openApp } from "../../src/app.ts";
import { startFakeModel } from "../support/fake-model.ts";
import { fakeModelConfig } from "../support/gateway-process.ts";
import { SocketClient } from "../support/socket-client.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { until } from "../support/until.ts";

interface Setup {
  /** The home; what stands in it stays for the next opening. */
  readonly root: string;
  readonly config?: string;
  readonly flags?: Readonly<Record<string, unknown>>;
  readonly environment?: Readonly<Record<string, string>>;
}

async function open({ root, config, flags, environment = {} }: Setup): Promise<App> {
  const home = locateHome({ OPENCLAW_HOME: root });
  if (config !== undefined) writeFileSync(join(root, "openclaw.toml"), config);
  return openApp({ home, environment, flags: { "gateway.port": 0, ...flags }, version: "1.2.3" });
}

function connect(app: App): Promise<SocketClient> {
  const token = app.tokenFile === undefined ? null : readFileSync(app.tokenFile, "utf8").trim();
  return SocketClient.open(new URL("/ws", app.url).href.replace(/^http/, "ws"), token);
}

async function rolesAndTexts(client: SocketClient): Promise<string[]> {
  interface Row {
    readonly role: string;
    readonly content: { readonly text?: string }[];
  }
  const { messages } = await client.call<{ messages: Row[] }>("chat.history", { sessionKey: "main" });
  return messages.map(({ role, content }) => `${role}: ${content.map((block) => block.text ?? "").join("")}`);
}

describe("the first opening", () => {
  test("makes the home and a token for its owner alone, and the demo model answers; the second finds them", async () => {
    using folder = tempFolder();
    const root = join(folder.path, "home");
    let token = "";
    {
      await using app = await open({ root });
      expect(app).toMatchObject({ isNewToken: true, model: "demo/demo", tokenFile: join(root, "state/token") });
      token = readFileSync(join(root, "state/token"), "utf8").trim();
      expect(token).toMatch(/^[0-9a-f]{64}$/);
      expect(statSync(root).mode & 0o777).toBe(0o700);
      expect(statSync(join(root, "state/token")).mode & 0o777).toBe(0o600);
      await using client = await connect(app);
      expect(await client.chat("hello")).toMatchObject({ state: "final" });
    }
    await using app = await open({ root });
    expect(app.isNewToken).toBe(false);
    expect(readFileSync(join(root, "state/token"), "utf8").trim()).toBe(token);
    await using client = await connect(app);
    expect(await rolesAndTexts(client)).toEqual(["user: hello", expect.stringMatching(/^assistant: .+/)]);
    expect(readFileSync(join(root, "state/logs/gateway.log"), "utf8")).not.toContain(token);
  });

  test("lets nobody in without the token", async () => {
    using folder = tempFolder();
    await using app = await open({ root: folder.path });
    const answer = await fetch(new URL("/status", app.url));
    expect(answer.status).toBe(401);
  });

  test("uses the token of the settings where there is one, and refuses one that could be guessed", async () => {
    using folder = tempFolder();
    const own = "a-token-of-my-own-0123456789abcdef";
    {
      await using app = await open({ root: folder.path, environment: { OPENCLAW_GATEWAY_AUTH_TOKEN: own } });
      expect(app.tokenFile).toBeUndefined();
      const status = await fetch(new URL("/status", app.url), { headers: { authorization: `Bearer ${own}` } });
      expect(status.status).toBe(200);
    }
    const guessable = open({ root: folder.path, environment: { OPENCLAW_GATEWAY_AUTH_TOKEN: "changeme" } });
    await expect(guessable).rejects.toMatchObject({ code: "configInvalid" });
    await using again = await open({ root: folder.path });
    expect(again.isNewToken).toBe(true);
  });
});

test("status and health show what the gateway is made of", async () => {
  using folder = tempFolder();
  await using app = await open({ root: folder.path, flags: { "sandbox.mode": "never" } });
  await using client = await connect(app);
  expect(await client.call("status")).toMatchObject({
    version: "1.2.3",
    pid: process.pid,
    model: "demo/demo",
    sandbox: { backend: "none", canRun: true },
    storage: { backend: "sqlite", ok: true },
    turns: { running: 0, waiting: 0 },
  });
  expect(await client.call("health")).toMatchObject({
    ok: true,
    components: { gateway: "healthy", storage: "healthy", webchat: "healthy" },
  });
});

describe("the model that answers", () => {
  test("is the one that the settings name now, or the session, and one that is not there is told", async () => {
    using folder = tempFolder();
    await using model = startFakeModel({ script: (call) => `this is ${call.model}` });
    await using app = await open({ root: folder.path, config: fakeModelConfig(model.url) });
    await using client = await connect(app);
    expect(app.model).toBe("fake/fake-1");
    expect(await client.chat("who?")).toMatchObject({ text: "this is fake-1" });

    const patch = { agents: { defaults: { model: { primary: "fake/fake-2" } } } };
    expect(await client.call("config.patch", { patch })).toMatchObject({
      changed: ["agents.defaults.model.primary"],
      restartRequired: [],
    });
    expect(await client.chat("who?")).toMatchObject({ text: "this is fake-2" });
    expect(await client.call("status")).toMatchObject({ model: "fake/fake-2" });

    await client.call("sessions.patch", { sessionKey: "main", model: "fake/fake-3" });
    expect(await client.chat("who?")).toMatchObject({ text: "this is fake-3" });
    expect(await client.chat("who?", "another")).toMatchObject({ text: "this is fake-2" });
    await client.call("sessions.patch", { sessionKey: "main", model: null });
    expect(await client.chat("who?")).toMatchObject({ text: "this is fake-2" });

    await client.call("config.patch", { patch: { agents: { defaults: { model: { primary: "gone/x" } } } } });
    const { state, events } = await client.chat("who?");
    expect(state).toBe("error");
    expect(String(events.at(-1)?.params["errorMessage"])).toContain("models.providers.gone");
  });

  test("may take as many steps as the settings say now", async () => {
    using folder = tempFolder();
    await using model = startFakeModel({
      script: (_call, index) => ({ parts: [{ toolCall: { id: `c${index}`, name: "read", args: { path: "x" } } }] }),
    });
    await using app = await open({ root: folder.path, config: fakeModelConfig(model.url) });
    await using client = await connect(app);
    await client.call("config.patch", { patch: { agents: { defaults: { maxSteps: 3 } } } });
    const { state, events } = await client.chat("read");
    expect(state).toBe("error");
    expect(events.at(-1)?.params["errorMessage"]).toBe("There was no answer after 3 steps.");
    expect(model.requests).toHaveLength(3);
  });
});

describe("the workspace's files", () => {
  test("reach the model, as they are when it is asked", async () => {
    using folder = tempFolder();
    await using model = startFakeModel({ script: () => "ok" });
    await using app = await open({ root: folder.path, config: fakeModelConfig(model.url) });
    const workspace = join(folder.path, "workspace");
    await using client = await connect(app);
    writeFileSync(join(workspace, "AGENTS.md"), "Your name is Otto.");
    writeFileSync(join(workspace, "README.md"), "nothing for the prompt");
    await client.chat("one");
    writeFileSync(join(workspace, "AGENTS.md"), "Your name is Karl-Otto.");
    writeFileSync(join(workspace, "USER.md"), "Your person likes tea.");
    await client.chat("two");
    rmSync(join(workspace, "USER.md"));
    await client.chat("three");
    const [one, two, three] = model.requests.map((request) => request.system);
    expect(one).toContain("Your name is Otto.");
    expect(one).not.toContain("nothing for the prompt");
    expect(two).toContain("Your name is Karl-Otto.");
    expect(two).toContain("Your person likes tea.");
    expect(three).not.toContain("likes tea");
  });

  test.each([
    ["leads outside", (outside: string) => outside],
    ["leads to the token", (_outside: string, root: string) => join(root, "state/token")],
    ["leads to itself", () => "AGENTS.md"],
    ["leads nowhere", () => "nowhere"],
  ])("are left out where one is a link that %s, and the turn goes on", async (_what, target) => {
    using folder = tempFolder();
    using outside = tempFolder();
    writeFileSync(join(outside.path, "secret"), "the secret of another folder");
    await using model = startFakeModel({ script: () => "ok" });
    await using app = await open({ root: folder.path, config: fakeModelConfig(model.url) });
    const workspace = join(folder.path, "workspace");
    symlinkSync(target(join(outside.path, "secret"), folder.path), join(workspace, "AGENTS.md"));
    writeFileSync(join(workspace, "SOUL.md"), "You are kind.");
    await using client = await connect(app);
    expect(await client.chat("hello")).toMatchObject({ state: "final", text: "ok" });
    const system = model.requests[0]?.system ?? "";
    expect(system).toContain("You are kind.");
    expect(system).not.toContain("the secret of another folder");
    expect(system).not.toContain(readFileSync(join(folder.path, "state/token"), "utf8").trim());
    expect(system).not.toContain("## AGENTS.md");
  });

  test("are left out where one is a folder", async () => {
    using folder = tempFolder();
    await using model = startFakeModel({ script: () => "ok" });
    await using app = await open({ root: folder.path, config: fakeModelConfig(model.url) });
    mkdirSync(join(folder.path, "workspace/AGENTS.md"));
    await using client = await connect(app);
    expect(await client.chat("hello")).toMatchObject({ state: "final", text: "ok" });
  });
});

describe("a workspace of the settings", () => {
  test("with a tilde lies in the person's own folder, and a relative one in the home", async () => {
    using folder = tempFolder();
    for (const [written, made] of [
      ["~/work", "person/work"],
      ["relative", "home/relative"],
    ] as const) {
      const flags = { "agents.defaults.workspace": written };
      await using app = await open({
        root: join(folder.path, "home"),
        flags,
        environment: { HOME: join(folder.path, "person") },
      });
      expect(app.url.port).not.toBe("");
      expect(statSync(join(folder.path, made)).isDirectory()).toBe(true);
    }
  });

  test.each([
    ["is a file", "file", "something else has that name"],
    ["is below a file", "file/below", "is a file"],
    ["is the gateway's own state", "home/state", "holds the gateway's own state"],
  ])("that %s is refused in one sentence, which names the setting", async (_why, path, because) => {
    using folder = tempFolder();
    writeFileSync(join(folder.path, "file"), "");
    const workspace = join(folder.path, path);
    const opening = open({ root: join(folder.path, "home"), flags: { "agents.defaults.workspace": workspace } });
    const refused = await opening.then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(refused).toMatchObject({ code: "configInvalid" });
    expect(String(refused)).toContain(`agents.defaults.workspace: ${workspace} cannot be the agent's workspace: `);
    expect(String(refused)).toContain(because);
  });
});

describe("one home", () => {
  test("is for one gateway: a second is told the process that has it, and disturbs nothing", async () => {
    using folder = tempFolder();
    {
      await using app = await open({ root: folder.path });
      await expect(open({ root: folder.path })).rejects.toMatchObject({
        code: "alreadyRunning",
        data: { pid: process.pid, home: folder.path },
      });
      await using client = await connect(app);
      expect(await client.chat("still there?")).toMatchObject({ state: "final" });
    }
    await using after = await open({ root: folder.path });
    expect(after.isNewToken).toBe(false);
  });

  test("is free again when opening fails, and no turn was touched", async () => {
    using folder = tempFolder();
    using other = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => {} } });
    const gate = Promise.withResolvers<void>();
    await using model = startFakeModel({
      script: (_call, index) => (index === 0 ? { parts: ["half ", gate.promise] } : "the answer"),
    });
    const setup = { root: folder.path, config: `${fakeModelConfig(model.url)}\n[runtime]\ndrain_seconds = 0\n` };
    {
      await using app = await open(setup);
      await using client = await connect(app);
      await client.call("chat.send", { sessionKey: "main", message: "hello", idempotencyKey: "k" });
      await model.received(1);
    }
    for (let i = 0; i < 3; i++) {
      const taken = open({ ...setup, flags: { "gateway.port": other.port } });
      await expect(taken).rejects.toMatchObject({ code: "cannotListen" });
    }
    expect(model.requests).toHaveLength(1);
    gate.resolve();
    await using app = await open(setup);
    await using client = await connect(app);
    await until("the answer", async () => (await rolesAndTexts(client)).includes("assistant: the answer"));
  });
});

describe("closing", () => {
  test("waits for the turn that runs, and its answer still reaches the client", async () => {
    using folder = tempFolder();
    const gate = Promise.withResolvers<void>();
    await using model = startFakeModel({ script: () => ({ parts: ["half ", gate.promise, "whole"] }) });
    const app = await open({ root: folder.path, config: fakeModelConfig(model.url) });
    const client = await connect(app);
    const answer = client.chat("hello");
    await until("the stream", () => client.notifications.some((one) => one.params["deltaText"] === "half "));
    const closed = app[Symbol.asyncDispose]();
    const refused = await client.ask("chat.send", { sessionKey: "main", message: "too late" });
    expect(refused.error?.message).toContain("stopping");
    gate.resolve();
    expect(await answer).toMatchObject({ state: "final", text: "half whole" });
    await closed;
    expect(await client.closed).toMatchObject({ code: 1012 });
  });

  test("leaves a turn open that takes longer than it may, and the next opening answers it once", async () => {
    using folder = tempFolder();
    const never = Promise.withResolvers<void>();
    await using model = startFakeModel({
      script: (_call, index) => (index === 0 ? { parts: ["half ", never.promise] } : "the whole answer"),
    });
    const setup = { root: folder.path, config: `${fakeModelConfig(model.url)}\n[runtime]\ndrain_seconds = 0\n` };
    {
      await using app = await open(setup);
      await using client = await connect(app);
      await client.call("chat.send", { sessionKey: "main", message: "hello", idempotencyKey: "k" });
      await client.call("chat.send", { sessionKey: "main", message: "and more", idempotencyKey: "l" });
      await model.received(1);
    }
    await model.idle(); // the line to the model was cut
    {
      await using storage = openSqlite({
        path: join(folder.path, "state/openclaw.db"),
        log: silentLog,
        clock: systemClock,
      });
      expect((await storage.openRuns()).map((run) => run.runId)).toEqual(["k", "l"]);
    }
    await using app = await open(setup);
    await using client = await connect(app);
    await until("both answers", async () => (await rolesAndTexts(client)).length === 4);
    expect(await client.call("chat.send", { sessionKey: "main", message: "hello", idempotencyKey: "k" })).toMatchObject(
      {
        status: "ok",
      },
    );
    expect(model.requests.map((request) => request.messages.at(-1)?.text)).toEqual(["hello", "hello", "and more"]);
    never.resolve();
  });
});
