import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cli } from "../support/cli.ts";
import { type FakeModel, type ModelCall, startFakeModel } from "../support/fake-model.ts";
import { type OpenGateway, openGateway, sharedToken } from "../support/open-gateway.ts";
import { resultProblems } from "../support/openclaw-schema.ts";
import { message as updateOf, Parrots } from "../support/parrots.ts";
import { until } from "../support/until.ts";

const environment = { OPENCLAW_GATEWAY_TOKEN: sharedToken };

function config(modelUrl: string, agents: string): string {
  return `
[agents.defaults.model]
primary = "fake/usual"
${agents}
[models.providers.fake]
api = "openai-completions"
base_url = "${modelUrl}"
api_key = "sk-fake-0123456789"
models = [
  { id = "usual", context_window = 200000, max_tokens = 8192 },
  { id = "bens", context_window = 200000, max_tokens = 8192 },
]
[sandbox]
mode = "never"
`;
}

const annAndBen = `
[[agents.list]]
id = "ann"
name = "Ann"
[[agents.list]]
id = "ben"
model = { primary = "fake/bens" }
tools = { deny = ["bash"] }
`;

/** A model that uses the tool which a message names, once, and then says what came of it. */
function toolUser(call: ModelCall) {
  const last = call.messages.at(-1);
  if (last?.role === "tool") return `got ${last.text}`;
  const asked = /^use (\w+) (.*)$/s.exec(last?.text ?? "");
  if (!asked) return `heard ${last?.text ?? ""}`;
  return { parts: [{ toolCall: { id: "c1", name: asked[1] ?? "", rawArgs: asked[2] ?? "{}" } }] };
}

async function ask<T = Record<string, unknown>>(gateway: OpenGateway, method: string, params: unknown = {}) {
  const { body } = await gateway.call(method, params);
  if (body.error) throw Object.assign(new Error(body.error.message), body.error);
  return body.result as T;
}

/** What the agent says to it. */
async function say(gateway: OpenGateway, sessionKey: string, message: string): Promise<string> {
  const { runId } = await ask<{ runId: string }>(gateway, "chat.send", { sessionKey, message });
  const ended = await ask<{ text: string; error?: string }>(gateway, "agent.wait", { runId, timeoutMs: 20_000 });
  return ended.error ?? ended.text;
}

async function withModel(agents: string, use: (gateway: OpenGateway, model: FakeModel) => Promise<void>) {
  await using model = startFakeModel({ script: (call) => toolUser(call) });
  await using gateway = await openGateway(config(model.url, agents), environment);
  await use(gateway, model);
}

function startWith(agents: string): Promise<OpenGateway> {
  return openGateway(config("http://127.0.0.1:9", agents), environment);
}

describe("several agents", () => {
  test("have each a workspace of its own, which the tools of another do not reach", async () => {
    await withModel(annAndBen, async (gateway) => {
      const [anns, bens] = [join(gateway.home, "workspace"), join(gateway.home, "workspace-ben")];
      writeFileSync(join(anns, "secret.txt"), "canary of ann");
      expect(existsSync(bens)).toBe(false);
      expect(await say(gateway, "agent:ben:main", `use write {"path":"own.txt","content":"mine"}`)).toContain("got");
      expect(readFileSync(join(bens, "own.txt"), "utf8")).toBe("mine");
      expect(existsSync(join(anns, "own.txt"))).toBe(false);
      symlinkSync(join(anns, "secret.txt"), join(bens, "link.txt"));
      for (const path of ["../workspace/secret.txt", join(anns, "secret.txt"), "link.txt"]) {
        expect(await say(gateway, "agent:ben:main", `use read ${JSON.stringify({ path })}`)).not.toContain("canary");
      }
      expect(await say(gateway, "agent:ann:main", `use read {"path":"secret.txt"}`)).toContain("canary of ann");
    });
  });

  test("have each the tools that are left to it, whatever its session is asked for", async () => {
    await withModel(annAndBen, async (gateway, model) => {
      expect(await say(gateway, "agent:ben:other", `use bash {"command":"echo canary"}`)).toContain("There is no tool");
      expect(await say(gateway, "agent:ann:main", `use bash {"command":"echo can''ary"}`)).toContain("canary");
      const offered = model.requests.map(({ tools }) => tools.includes("bash"));
      expect(offered).toEqual([false, false, true, true]);
    });
  });

  test("are asked each with its own model, and told of its own files alone", async () => {
    await withModel(annAndBen, async (gateway, model) => {
      const bens = join(gateway.home, "workspace-ben");
      mkdirSync(bens);
      writeFileSync(join(gateway.home, "workspace", "SOUL.md"), "the soul of ann");
      writeFileSync(join(bens, "SOUL.md"), "the soul of ben");
      await say(gateway, "main", "hello");
      await say(gateway, "agent:ben:main", "hello");
      expect(model.requests.map((call) => call.model)).toEqual(["usual", "bens"]);
      const prompts = model.requests.map(({ system }) => system);
      expect(prompts.map((text) => [text.includes("soul of ann"), text.includes("soul of ben")])).toEqual([
        [true, false],
        [false, true],
      ]);
    });
  });

  test("are listed, with the default one named; each names its sessions, and no session is of one that is not there", async () => {
    await withModel(annAndBen, async (gateway) => {
      expect(await ask(gateway, "agents.list")).toMatchObject({
        defaultId: "ann",
        agents: [
          { id: "ann", name: "Ann", isDefault: true, model: "fake/usual", tools: expect.arrayContaining(["bash"]) },
          { id: "ben", isDefault: false, model: "fake/bens", tools: expect.not.arrayContaining(["bash"]) },
        ],
      });
      await say(gateway, "main", "hello");
      await ask(gateway, "chat.send", { sessionKey: "main", agentId: "ben", message: "hello" });
      const keys = async (params: object) =>
        (await ask<{ sessions: { key: string }[] }>(gateway, "sessions.list", params)).sessions.map(({ key }) => key);
      expect(await keys({ agentId: "ben" })).toEqual(["agent:ben:main"]);
      expect((await keys({})).toSorted()).toEqual(["agent:ann:main", "agent:ben:main"]);
      const refused = { message: "There is no agent “zoe”; there is ann, ben.", data: { code: "agentNotFound" } };
      for (const method of ["chat.send", "agent"]) {
        const said = ask(gateway, method, { sessionKey: "agent:zoe:main", message: "hello" });
        await expect(said).rejects.toMatchObject({ message: refused.message });
      }
      await expect(ask(gateway, "sessions.create", { sessionKey: "agent:zoe:x" })).rejects.toThrow(refused.message);
      const mixed = { sessionKey: "agent:ann:main", agentId: "ben", message: "hello" };
      await expect(ask(gateway, "chat.send", mixed)).rejects.toThrow("the session is of the agent ann");
    });
  });

  test("are shown to clients of OpenClaw in their own words", async () => {
    await withModel(annAndBen, async (gateway) => {
      const { client } = await gateway.enter({ auth: { token: sharedToken }, scopes: ["operator.admin"] });
      const { payload } = await client.ask("agents.list", {});
      expect(resultProblems("agents.list", payload)).toEqual([]);
      expect(payload).toMatchObject({
        defaultId: "ann",
        ownership: "legacy",
        agents: [
          { id: "ann", name: "Ann" },
          { id: "ben", model: { primary: "fake/bens" } },
        ],
      });
      const { payload: catalog } = await client.ask("tools.catalog", { agentId: "ben" });
      expect(catalog).toMatchObject({ agentId: "ben" });
      expect(JSON.stringify(catalog)).not.toContain('"bash"');
      const made = await client.ask("sessions.create", { key: "tui-1", agentId: "ben" });
      expect(made.payload).toMatchObject({ key: "agent:ben:tui-1", entry: { model: "bens" } });
      const sent = { sessionKey: "agent:zoe:main", message: "hi", idempotencyKey: "k" };
      expect(await client.ask("chat.send", sent)).toMatchObject({ ok: false });
    });
  });

  test("may come, change and go while the gateway runs", async () => {
    await withModel(annAndBen, async (gateway) => {
      const list = [{ id: "ann" }, { id: "ben", model: { primary: "fake/usual" } }, { id: "cleo", default: true }];
      const change = await ask(gateway, "config.patch", { patch: { agents: { list } } });
      expect(change).toMatchObject({ restartRequired: [] });
      expect(await say(gateway, "agent:ben:main", `use bash {"command":"echo can''ary"}`)).toContain("canary");
      expect(await ask(gateway, "agents.list")).toMatchObject({ defaultId: "cleo" });
      expect(await say(gateway, "main", "hello")).toBe("heard hello");
      expect(existsSync(join(gateway.home, "workspace-cleo"))).toBe(false); // the default one has the usual folder
      await ask(gateway, "config.patch", { patch: { agents: { list: [{ id: "ann" }] } } });
      await expect(say(gateway, "agent:ben:main", "hello")).rejects.toThrow("There is no agent “ben”");
    });
  });

  test("cannot share a folder", async () => {
    for (const folder of ["workspace", "workspace/ben", "."]) {
      const list = `[[agents.list]]\nid = "ann"\n[[agents.list]]\nid = "ben"\nworkspace = "${folder}"`;
      await expect(startWith(list)).rejects.toThrow("The workspaces of the agents ann and ben overlap");
    }
    await withModel(annAndBen, async (gateway) => {
      const list = [{ id: "ann" }, { id: "ben", workspace: "workspace/below" }];
      await expect(ask(gateway, "config.patch", { patch: { agents: { list } } })).rejects.toThrow("overlap");
      expect(await say(gateway, "agent:ben:main", "hello")).toBe("heard hello");
    });
  });

  test("get no misspelt tools while the gateway runs, lest one runs that was to be denied", async () => {
    await withModel(annAndBen, async (gateway) => {
      const list = [{ id: "ann" }, { id: "ben", tools: { deny: ["bsh"] } }];
      await expect(ask(gateway, "config.patch", { patch: { agents: { list } } })).rejects.toThrow(
        "agents.list[1].tools.deny: there is no tool “bsh”; did you mean bash?",
      );
      expect(await say(gateway, "agent:ben:main", "hello")).toBe("heard hello");
    });
  });

  test("that cannot be meant keep the gateway from starting, and it says which", async () => {
    await expect(startWith(`[[agents.list]]\nid = "A b"`)).rejects.toThrow("agents.list");
    await expect(startWith(`[[agents.list]]\nid = "a"\ntools = { deny = ["bsh"] }`)).rejects.toThrow(
      "did you mean bash?",
    );
    await expect(startWith(`[[bindings]]\nagent_id = "ben"\nmatch = { channel = "x" }`)).rejects.toThrow(
      "no agent “ben”",
    );
    await expect(startWith(`[broadcast]\n"x:1" = ["main", "ben"]`)).rejects.toThrow("no agent “ben”");
    const forward = `[[bindings]]\naction = "forward"\nmatch = { channel = "x" }\nto = { channel = "telegram", chat = "1" }`;
    await expect(startWith(forward)).rejects.toThrow("no account “default” of the channel “telegram”");
  });
});

test("a chat of a platform is answered by each agent of its group, under its name; route explain says so", async () => {
  const parrots = new Parrots();
  const group = `${annAndBen}\n[broadcast]\n"parrot:c1" = ["ann", "ben"]\n[channels.parrot]\nbot_token = "t"\ndm_policy = "open"\nallow_from = ["*"]\n`;
  await using model = startFakeModel({ script: (call) => toolUser(call) });
  await using gateway = await openGateway(config(model.url, group), environment, { channels: [parrots.channel] });
  const line = await parrots.open();
  await line.hear("hello");
  await until("both answers", () => line.said.length === 2);
  expect(line.said.toSorted()).toEqual(["**Ann**\nheard hello", "**ben**\nheard hello"]);
  expect(model.requests.map((call) => call.model).toSorted()).toEqual(["bens", "usual"]);
  const explained = await ask(gateway, "routes.explain", { channel: "parrot", peer: "c1", text: "hello" });
  expect(explained).toMatchObject({
    agentId: "ann",
    broadcast: { answering: [{ agentId: "ann" }, { agentId: "ben", sessionKey: "agent:ben:main" }], silent: [] },
  });
});

test("a topic is answered by its own agent, and gated by its own rules; route explain says so", async () => {
  const parrots = new Parrots();
  const topics = `${annAndBen}
[channels.parrot]
bot_token = "t"
group_policy = "open"
[channels.parrot.groups.g1]
require_mention = false
topics."7" = { agent_id = "ben", allow_from = ["1"], group_policy = "allowlist" }
topics."8" = { enabled = false }
`;
  await using model = startFakeModel({ script: (call) => toolUser(call) });
  await using gateway = await openGateway(config(model.url, topics), environment, { channels: [parrots.channel] });
  const line = await parrots.open();
  const says = (text: string, sender: string, thread?: string) => {
    const update = updateOf(text, { chat: "g1", account: "default" });
    const from = { ...update.from, ...(thread !== undefined && { thread }) };
    return line.options.receive({ ...update, from, place: { kind: "group" }, sender: { id: sender, isBot: false } });
  };
  await says("to all", "2");
  await until("the first answer", () => line.said.length === 1);
  await says("not mine", "2", "7");
  await says("nobody's", "1", "8");
  await says("mine", "1", "7");
  await until("the second answer", () => line.said.length === 2);
  expect(line.said.map((said) => said.replace(/\[.*?\] /, ""))).toEqual(["heard to all", "heard mine"]);
  expect(model.requests.map((call) => call.model)).toEqual(["usual", "bens"]);
  const about = { channel: "parrot", peer: "g1", kind: "group", thread: "7" };
  expect(await ask(gateway, "routes.explain", { ...about, sender: "2" })).toMatchObject({
    agentId: "ben",
    sessionKey: "agent:ben:parrot:group:g1:thread:7",
    topic: { agentId: "ben", setting: "topics.7.agent_id" },
    gate: { may: false, because: "notListed", activation: "always" },
  });
  expect(await ask(gateway, "routes.explain", { ...about, thread: "9" })).toMatchObject({ agentId: "ann" });
  const patch = { channels: { parrot: { groups: { g1: { topics: { "7": { agentId: "nobody" } } } } } } };
  await expect(ask(gateway, "config.patch", { patch })).rejects.toThrow(
    "channels.parrot.groups.g1.topics.7.agent_id: there is no agent “nobody”; there is ann, ben.",
  );
  const args = ["route", "explain", "parrot", "g1", "--kind", "group", "--thread", "7", "--sender", "1"];
  const { stdout } = await cli(args, { port: Number(gateway.app.url.port), token: sharedToken });
  expect(stdout).toContain("may:      start turns there by whatever they say (listed)\n");
  expect(stdout).toContain("by:       topics.7.agent_id of the chat, before any binding\n");
});

test("SEC-71: what is sent over an account goes over that one, and not over another when it is not there", async () => {
  const parrots = new Parrots();
  const accounts = `[channels.parrot]\nbot_token = "one"\n[channels.parrot.accounts.work]\nbot_token = "two"`;
  await using gateway = await openGateway(accounts, environment, { channels: [parrots.channel] });
  const [own, work] = await Promise.all([parrots.open(), parrots.open("work")]);
  const to = { channel_id: "parrot", chat_id: "c1", text: "hi" };
  await ask(gateway, "message.send", { ...to, account: "work" });
  expect([own.said, work.said]).toEqual([[], ["hi"]]);
  await expect(ask(gateway, "message.send", { ...to, account: "gone" })).rejects.toThrow("no such account");
  expect([own.said, work.said]).toEqual([[], ["hi"]]);
});

test("a message is posted to a webhook as JSON, signed, once", async () => {
  const got: { headers: Headers; body: { id: string; chat: string; text: string } }[] = [];
  await using receiver = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      got.push({ headers: request.headers, body: (await request.json()) as (typeof got)[number]["body"] });
      return got.length === 1 ? new Response("busy", { status: 503 }) : Response.json({ id: "r1" });
    },
  });
  const parrots = new Parrots();
  const settings = `
    [channels.parrot]
    bot_token = "t"
    dm_policy = "open"
    allow_from = ["*"]
    [channels.webhook.accounts.ops]
    secret = "a-secret-of-at-least-sixteen"
    url = "${receiver.url.href}hook"
    [[bindings]]
    action = "webhook"
    match = { channel = "parrot" }
    to = { account = "ops" }`;
  await using gateway = await openGateway(settings, environment, { channels: [parrots.channel] });
  type Status = { channels: { accounts?: { account: string; state: string }[] }[] };
  await until("the webhook to be open", async () => {
    const { channels } = await ask<Status>(gateway, "channels.status", { channel: "webhook" });
    return channels[0]?.accounts?.some(({ account, state }) => account === "ops" && state === "online");
  });
  const line = await parrots.open();
  await line.hear("hello");
  await line.hear("hello");
  await until("it to be taken", () => got.length === 2);
  expect(new Set(got.map(({ body }) => body.id)).size).toBe(1);
  expect(got[1]?.headers.get("x-openclaw-signature")).toStartWith("sha256=");
  expect(JSON.parse(got[1]?.body.text ?? "")).toMatchObject({
    channel: "parrot",
    chat: "c1",
    sender: { id: "u1" },
    text: "hello",
  });
  expect(line.said).toEqual([]);
  await until("nothing to be owed", async () => {
    const { deliveries } = await ask<{ deliveries: unknown[] }>(gateway, "outbox.list");
    return deliveries.length === 0;
  });
  expect(got).toHaveLength(2);
});

test("the command line lists the agents, and says who hears a message and where it goes", async () => {
  const settings = `${annAndBen}
    [broadcast]
    strategy = "sequential"
    "telegram:-5" = ["ben", "ann"]
    [channels.telegram]
    token = "123:abc"
    enabled = false
    [[bindings]]
    action = "forward"
    match = { channel = "telegram", peer = { kind = "direct", id = "7" } }
    to = { channel = "telegram", chat = "9" }`;
  await using gateway = await openGateway(config("http://127.0.0.1:9/v1", settings), environment);
  const run = (...argv: string[]) => cli(argv, { port: Number(gateway.app.url.port), token: sharedToken });
  const listed = await run("agents", "list");
  expect(listed.stdout).toMatch(/^ann \(default\) +Ann +fake\/usual +bash, /m);
  expect(listed.stdout).toMatch(/^ben +- +fake\/bens +edit, /m);
  expect(JSON.parse((await run("agents", "list", "--json")).stdout)).toMatchObject({ defaultId: "ann" });
  const group = await run("route", "explain", "telegram", "--kind", "group", "--text", "@ann", "--", "-5");
  expect(group.stdout).toContain("heard by: several agents, sequential\n");
  expect(group.stdout).toContain("answers:  ann in agent:ann:telegram:group:-5\n");
  expect(group.stdout).toContain("silent:   ben, because another one is named\n");
  const passed = await run("route", "explain", "telegram", "7");
  expect(passed.stdout).toStartWith("action:   forward\n");
  expect(passed.stdout).toContain("to:       telegram default 9\n");
});
