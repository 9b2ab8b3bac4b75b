import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FakeDiscord } from "../support/fake-discord.ts";
import { FakeTelegram, me, Refusal } from "../support/fake-telegram.ts";
import { startGateway, token } from "../support/gateway-process.ts";
import { fromSource } from "../support/cli-home.ts";
import { type OpenGateway, openGateway, sharedToken } from "../support/open-gateway.ts";
import { resultProblems } from "../support/openclaw-schema.ts";
import { openSqliteFile } from "../support/storage.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { until } from "../support/until.ts";
import { openclaw, type Person, toGateway } from "../support/whole-cli.ts";

const environment = { OPENCLAW_GATEWAY_TOKEN: sharedToken };

function telegramConfig(fake: FakeTelegram, more = ""): string {
  return `[channels.telegram]\ntoken = "${fake.token}"\napi_root = "${fake.url}"\n${more}`;
}

const commandsOf =
  (gateway: OpenGateway) =>
  (argv: readonly string[], person: Person = {}) =>
    openclaw(gateway.home, argv, { ...toGateway(gateway), ...person });

async function states(gateway: OpenGateway): Promise<Readonly<Record<string, string>>> {
  const { body } = await gateway.call("channels.status");
  const { channels } = body.result as {
    channels: { id: string; accounts?: { account: string; running: boolean; state: string }[] }[];
  };
  return Object.fromEntries(
    channels.flatMap(({ id, accounts = [] }) =>
      accounts.map(({ account, running, state }) => [`${id}/${account}`, running ? state : "closed"]),
    ),
  );
}

const settingsText = (gateway: OpenGateway) => readFileSync(join(gateway.home, "openclaw.toml"), "utf8");

describe("channels login", () => {
  test("replaces a token, opens the account with it at once, and says who it is", async () => {
    await using fake = new FakeTelegram();
    const config = `[channels.telegram]\ntoken = "1:of_nobody" # old\napi_root = "${fake.url}"\n`;
    await using gateway = await openGateway(config, environment);
    await until("the wrong token to be known", () => fake.strangers > 0);
    const run = commandsOf(gateway);
    const wrong = await run(["channels", "login", "telegram", "--stdin"], { stdin: "2:of_nobody_either\n" });
    expect(wrong.exitCode).toBe(1);
    expect(wrong.stdout).toContain("it does not open the account: Telegram does not know this token (401)");
    const right = await run(["channels", "login", "telegram"], { typed: [fake.token] });
    expect(right).toMatchObject({
      exitCode: 0,
      stdout: `The account default of telegram is open: it is @${me.username}.\n`,
    });
    expect(await states(gateway)).toEqual({ "telegram/default": "online" });
    expect(settingsText(gateway)).toContain(`token = "${fake.token}" # old`);
    expect(JSON.stringify([wrong, right])).not.toContain("of_nobody");
  });

  test("writes where the account stands, and without a gateway says that nobody tried the token", async () => {
    using folder = tempFolder();
    const file = join(folder.path, "openclaw.toml");
    writeFileSync(file, `[channels.telegram.accounts.default]\ntoken = "1:a"\n`, { mode: 0o600 });
    const done = await openclaw(folder.path, ["channels", "login", "telegram", "--stdin"], { stdin: "2:b" });
    expect(done).toMatchObject({ exitCode: 0 });
    expect(done.stdout).toContain("it counts from the next start");
    expect(Bun.TOML.parse(readFileSync(file, "utf8"))).toEqual({
      channels: { telegram: { accounts: { default: { token: "2:b" } } } },
    });
    expect((await openclaw(folder.path, ["channels", "login", "webchat"])).stdout).toBe(
      "The channel webchat needs no login.\n",
    );
    const unknown = await openclaw(folder.path, ["channels", "login", "discord"], { typed: [] });
    expect(unknown).toMatchObject({ exitCode: 1 });
    expect(unknown.stderr).toContain("The settings have no account “default” of discord.");
    expect(unknown.stderr).toContain("channels add discord");
  });
});

test("channels capabilities shows what each channel can do, or one of them", async () => {
  using folder = tempFolder();
  const all = await openclaw(folder.path, ["channels", "capabilities", "--json"]);
  const { channels } = JSON.parse(all.stdout) as { channels: { id: string; abilities: string[] }[] };
  expect(channels.map(({ id }) => id)).toEqual(["discord", "slack", "telegram", "webchat", "webhook"]);
  expect(channels.find(({ id }) => id === "slack")?.abilities).toContain("find");
  const one = await openclaw(folder.path, ["channels", "capabilities", "telegram"]);
  expect(one.stdout).toContain("4096 UTF-16 units");
  expect(one.stdout).not.toContain("discord");
  expect((await openclaw(folder.path, ["channels", "capabilities", "pigeon"])).exitCode).toBe(2);
});

test("channels logs shows the lines of a channel and of an account, the newest last", async () => {
  await using fake = new FakeTelegram();
  const more = `[channels.telegram.accounts.work]\ntoken = "5:of_nobody"\n`;
  await using gateway = await openGateway(telegramConfig(fake, more), environment);
  await until(
    "both to be tried",
    async () => Object.values(await states(gateway)).includes("online") && fake.strangers > 0,
  );
  const run = commandsOf(gateway);
  const lines = async (...argv: string[]) => {
    const { stdout } = await run(["channels", "logs", "--json", ...argv]);
    return (JSON.parse(stdout) as { lines: { channel: string; account: string; message: string }[] }).lines;
  };
  const work = await until("a line about it", async () => {
    const found = await lines("--account", "work");
    return found.length > 0 && found;
  });
  expect(new Set(work.map(({ account }) => account))).toEqual(new Set(["work"]));
  expect((await lines("--channel", "telegram")).some(({ account }) => account === "default")).toBe(true);
  expect(await lines("--channel", "discord")).toEqual([]);
  expect(await lines("--lines", "1")).toHaveLength(1);
  const shown = await run(["channels", "logs", "--channel", "telegram", "--account", "default"]);
  expect(shown.stdout).toMatch(/ info telegram\/default connected to Telegram\n/);
  expect((await run(["channels", "logs", "--channel", "slack"])).stdout).toBe("The log says nothing of that.\n");
});

describe("what was given up", () => {
  const id = "a-set-aside-update";
  const update = {
    type: "command",
    id: "700",
    at: 1,
    from: { channel: "telegram", account: "default", chat: "42" },
    place: { kind: "direct" },
    sender: { id: "42", isBot: false },
    name: "help",
    args: "",
  };
  const open = (fake: FakeTelegram) =>
    openGateway(telegramConfig(fake, `dm_policy = "allowlist"\nallow_from = ["42"]\n`), environment, {
      prepare: async (home) => {
        await using storage = openSqliteFile(home.database);
        const data = JSON.stringify({ problem: "TypeError: boom\n at x", update: JSON.stringify(update) });
        await storage.writeRecords([{ kind: "inbound-aside", id, data }]);
      },
    });

  test("is listed in both directions, is taken in again once, and is answered", async () => {
    await using fake = new FakeTelegram();
    await using gateway = await open(fake);
    await until("being online", async () => (await states(gateway))["telegram/default"] === "online");
    const run = commandsOf(gateway);
    expect((await run(["channels", "dead-letters"])).stdout).toMatch(
      /a-set-aside-update +in +telegram 42 .*TypeError: boom +\/help/,
    );
    const replayed = await run(["channels", "dead-letters", "replay", id]);
    expect(replayed.stdout).toBe(`The message ${id} was replayed.\n`);
    await until("the answer", () => fake.chats.shown.some(({ text }) => text?.includes("/status")));
    const again = await run(["channels", "dead-letters", "replay", id]);
    expect(again).toMatchObject({ exitCode: 1 });
    expect(again.stderr).toContain("There is no undeliverable message");
    expect((await run(["channels", "dead-letters"])).stdout).toBe("Nothing was given up.\n");
    expect(fake.chats.shown).toHaveLength(1);
  });

  test("is dropped for good", async () => {
    await using fake = new FakeTelegram();
    await using gateway = await open(fake);
    const run = commandsOf(gateway);
    expect((await run(["channels", "dead-letters", "drop", id])).exitCode).toBe(0);
    expect(JSON.parse((await run(["channels", "dead-letters", "--json"])).stdout)).toEqual({
      deliveries: [],
      updates: [],
    });
  });
});

describe("settings that are changed while the gateway runs", () => {
  test("open, reopen and close accounts, and leave the others as they are", async () => {
    await using fake = new FakeTelegram();
    await using other = await FakeDiscord.open();
    await using gateway = await openGateway(telegramConfig(fake), environment);
    await until("Telegram", async () => (await states(gateway))["telegram/default"] === "online");
    const run = commandsOf(gateway);
    const asked = fake.callsOf("getMe").length;
    const section = { channels: { discord: { token: other.token, api_base: other.apiBase } } };
    const added = await run(["config", "patch", "-"], { stdin: JSON.stringify(section) });
    expect(added).toMatchObject({ exitCode: 0 });
    expect(added.stdout).toContain("The gateway has taken it up.");
    expect(JSON.stringify(added)).not.toContain(other.token);
    await until("Discord", async () => (await states(gateway))["discord/default"] === "online");
    await run(["config", "set", "channels.discord.enabled", "false"]);
    await until("it to be closed", async () => (await states(gateway))["discord/default"] === "closed");
    expect(other.gateway.isConnected).toBe(false);
    await run(["config", "unset", "channels.discord.enabled"]);
    await until("it to be open again", async () => (await states(gateway))["discord/default"] === "online");
    await run(["config", "unset", "channels.discord"]);
    await until("it to be gone", async () => !("discord/default" in (await states(gateway))));
    expect(fake.callsOf("getMe")).toHaveLength(asked);
  });

  test("count for the next message: bindings, and who may write", async () => {
    await using fake = new FakeTelegram();
    await using gateway = await openGateway(telegramConfig(fake), environment);
    const run = commandsOf(gateway);
    const open = { channels: { telegram: { dm_policy: "open", allow_from: ["*"] } } };
    const rule = { action: "reply", text: "closed today", match: { channel: "telegram", pattern: "*order*" } };
    const { body } = await gateway.call("config.patch", { patch: { ...open, bindings: [rule] } });
    expect(body.result).toMatchObject({ restartRequired: [] });
    await until("being online", async () => (await states(gateway))["telegram/default"] === "online");
    fake.says("may I order");
    await until("the answer", () => fake.chats.shown.some(({ text }) => text === "closed today"));
    await run(["config", "unset", "bindings"]);
    fake.says("may I order again", { message_id: 8 });
    await until("another answer", () => fake.chats.shown.length > 1);
    expect(fake.chats.shown.at(-1)?.text).not.toBe("closed today");
  });

  test("are refused by the setting's name when the gateway would not start with them, and nothing changes", async () => {
    await using fake = new FakeTelegram();
    await using gateway = await openGateway(telegramConfig(fake), environment);
    await until("being online", async () => (await states(gateway))["telegram/default"] === "online");
    const before = settingsText(gateway);
    const patches = [
      [{ bindings: [{ agent_id: "nobody", match: { channel: "telegram" } }] }, "bindings[0].agent_id"],
      [{ channels: { telegram: { mode: "webhook" } } }, "channels.telegram.webhook_secret is needed for webhooks"],
      [{ channels: { telegram: { dm_policy: "closed" } } }, "channels.telegram.dm_policy"],
      [{ messages: { group_history: "many" } }, "messages.group_history"],
    ] as const;
    const { client } = await gateway.enter({ auth: { token: sharedToken }, scopes: ["operator.admin"] });
    for (const [patch, says] of patches) {
      expect((await gateway.call("config.patch", { patch })).body.error?.message).toContain(says);
      const { error } = await client.ask("config.patch", { raw: JSON.stringify(patch) });
      expect(error?.message).toContain(says);
    }
    const run = commandsOf(gateway);
    const typed = await run(["config", "set", "channels.telegram.mode", "webhook"]);
    expect(typed).toMatchObject({ exitCode: 1, stdout: "" });
    expect(typed.stderr).toContain("Nothing was changed: channels.telegram.webhook_secret is needed for webhooks.");
    expect(settingsText(gateway)).toBe(before);
    const file = join(gateway.home, "openclaw.toml");
    writeFileSync(file, `${before}\n[[bindings]]\nagent_id = "nobody"\nmatch = { channel = "x" }\n`);
    const reloaded = await run(["config", "reload"]);
    expect(reloaded).toMatchObject({ exitCode: 1 });
    expect(reloaded.stderr).toContain("bindings[0].agent_id: there is no agent “nobody”");
    const set = await run(["config", "set", "messages.group_history", "3"]);
    expect(set).toMatchObject({ exitCode: 1 });
    expect(set.stdout).toContain(
      "goes on with what it had, because it would not start with this: bindings[0].agent_id",
    );
    expect((await gateway.call("config.get", { path: "messages.group_history" })).body.result).toMatchObject({
      value: 20,
    });
  });

  test("by hand count after a hang-up, where no terminal is behind the gateway", async () => {
    await using fake = new FakeTelegram();
    using folder = tempFolder();
    await using gateway = await startGateway({
      home: folder.path,
      config: "[messages]\ngroup_history = 5\n",
      command: fromSource,
    });
    const file = join(folder.path, "openclaw.toml");
    writeFileSync(file, telegramConfig(fake));
    process.kill(gateway.pid, "SIGHUP");
    await until("the account", () => fake.updates.isPolled);
    expect(gateway.output()).toContain("The settings were read again:");
    writeFileSync(file, `[messages]\ngroup_history = "many"\n`);
    process.kill(gateway.pid, "SIGHUP");
    await until("the refusal", () => gateway.output().includes("The settings stay as they were:"));
    expect(gateway.output()).toContain("messages.group_history");
    await until("the account to be as it was", () => fake.updates.isPolled);
    expect(await gateway.stop()).toBe(0);
    expect(gateway.output()).not.toContain(token);
  });
});

test("a hang-up ends a gateway whose terminal was closed", async () => {
  using folder = tempFolder();
  const shown: string[] = [];
  const child = Bun.spawn([...fromSource, "gateway", "run", "--port", "0"], {
    cwd: folder.path,
    env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin", HOME: folder.path, OPENCLAW_HOME: folder.path },
    terminal: { cols: 80, rows: 24, data: (_terminal, bytes) => void shown.push(Buffer.from(bytes).toString()) },
  });
  try {
    await until("the greeting", () => shown.join("").includes("listens on"));
    child.kill("SIGHUP");
    expect(await child.exited).toBe(0);
  } finally {
    child.kill("SIGKILL");
  }
});

describe("the doctor of channels", () => {
  test("says of each account why it does not work and what to do, and is content when all do", async () => {
    await using fake = new FakeTelegram();
    const more = [
      `[channels.telegram.accounts.wrong]\ntoken = "5:of_nobody"`,
      `[channels.telegram.accounts.far]\ntoken = "6:far"\napi_root = "http://127.0.0.1:9"`,
      `[channels.telegram.accounts.strict]\ntoken = "nonsense"\ndm_policy = "open"`,
      `[channels.slack]\ndm_policy = "allowlist"`,
    ];
    await using gateway = await openGateway(telegramConfig(fake, more.join("\n")), environment);
    const run = commandsOf(gateway);
    await until("Telegram", async () => (await states(gateway))["telegram/default"] === "online");
    const ill = await until("all of it", async () => {
      const found = await run(["doctor", "channels"]);
      return found.stdout.includes("cannot be reached") && found.stdout.includes("token (401)") && found;
    });
    expect(ill.exitCode).toBe(1);
    const said = ill.stdout;
    expect(said).toContain("telegram wrong: Telegram does not know this token (401)");
    expect(said).toContain("\n  → Take the token that the platform shows now: `");
    expect(said).toContain("channels login telegram --account wrong`");
    expect(said).toContain("telegram far: Telegram cannot be reached");
    expect(said).toContain("name service");
    expect(said).toContain("channels.telegram.accounts.strict.token is none of Telegram's");
    expect(said).toContain(`accounts.strict.dm_policy is "open", but`);
    expect(said).toContain("channels.slack.bot_token is not set, so the account default of slack is not opened.");
    expect(said).not.toContain("telegram default:");
    expect(said).not.toContain("nobody\n");
    for (const name of ["wrong", "far", "strict"]) await run(["channels", "remove", "telegram", "--account", name]);
    await run(["channels", "remove", "slack"]);
    await until("Telegram", async () => (await states(gateway))["telegram/default"] === "online");
    expect(await run(["doctor", "channels"])).toMatchObject({
      exitCode: 0,
      stdout: "Every account that is set works.\n",
    });
  });

  test("says what Discord and Telegram refuse a bot for, and where no gateway runs", async () => {
    await using fake = new FakeTelegram();
    await using discord = await FakeDiscord.open();
    discord.gateway.closeCode = 4_014;
    fake.trouble(
      "getUpdates",
      ...Array.from({ length: 50 }, () => new Refusal(409, "Conflict: terminated by other getUpdates request")),
    );
    const both = telegramConfig(
      fake,
      `[channels.discord]\ntoken = "${discord.token}"\napi_base = "${discord.apiBase}"\n`,
    );
    await using gateway = await openGateway(both, environment);
    const run = commandsOf(gateway);
    const ill = await until("both", async () => {
      const { stdout } = await run(["doctor", "channels"]);
      return stdout.includes("Another program reads") && stdout.includes("Message Content Intent") && stdout;
    });
    expect(ill).toContain("telegram default: Another program reads this bot's messages; stop it");
    using empty = tempFolder();
    const alone = await openclaw(empty.path, ["doctor", "channels", "--json"]);
    expect(JSON.parse(alone.stdout)).toMatchObject({ ok: false, findings: [{ where: "gateway" }] });
  });
});

test("clients of OpenClaw list, approve and dismiss who waits, and the person is told in the chat", async () => {
  await using fake = new FakeTelegram();
  await using gateway = await openGateway(telegramConfig(fake), environment);
  const bob = { id: 43, is_bot: false, first_name: "Bob" };
  fake.put({ chat: { id: 43, type: "private", first_name: "Bob" } });
  fake.says("hello");
  fake.says("hello too", { chat: { id: 43, type: "private", first_name: "Bob" }, from: bob });
  await until("both codes", () => fake.chats.shown.length === 2);
  const { client } = await gateway.enter({ auth: { token: sharedToken }, scopes: ["operator.admin"] });
  const listed = (await client.ask("channels.pairing.list", {})).payload as {
    requests: { requestId: string; senderId: string; senderLabel: string }[];
  };
  expect(resultProblems("channels.pairing.list", listed)).toEqual([]);
  expect(listed).toMatchObject({
    accounts: [{ channel: "telegram", accountId: "default", notifySupported: true }],
    commandOwnerConfigured: false,
    limits: { pendingPerAccount: 3, ttlMs: 3_600_000 },
  });
  expect(listed.requests.map(({ senderId }) => senderId).toSorted()).toEqual(["42", "43"]);
  const idOf = (sender: string) => listed.requests.find(({ senderId }) => senderId === sender)?.requestId;
  const of = (sender: string) => ({ channel: "telegram", accountId: "default", requestId: idOf(sender) });
  const approved = await client.ask("channels.pairing.approve", {
    ...of("42"),
    notify: true,
    bootstrapCommandOwner: true,
  });
  expect(resultProblems("channels.pairing.approve", approved.payload)).toEqual([]);
  expect(approved.payload).toMatchObject({
    senderId: "42",
    notification: "sent",
    commandOwnerBootstrap: "configured",
  });
  await until("them to be told", () =>
    fake.chats.shown.some(({ chat, text }) => chat === 42 && text?.includes("let in")),
  );
  const dismissed = await client.ask("channels.pairing.dismiss", of("43"));
  expect(resultProblems("channels.pairing.dismiss", dismissed.payload)).toEqual([]);
  expect(fake.chats.shown.filter(({ chat }) => chat === 43)).toHaveLength(1);
  for (let n = 0; n < 6; n++) {
    const late = await client.ask("channels.pairing.approve", of("43"));
    expect(late.error?.message).toContain("There is no request");
  }
  // To come too late is no guess at a code.
  const guess = await gateway.call("pairing.approve", { channel: "telegram", code: "WRONG" });
  expect(guess.body.error?.message).toContain("There is no request");
  expect((await client.ask("channels.pairing.list", { channel: "telegram" })).payload).toMatchObject({
    requests: [],
    commandOwnerConfigured: true,
  });
});

test("pairing approve --notify tells the person, and lists are of one account", async () => {
  await using fake = new FakeTelegram();
  await using gateway = await openGateway(telegramConfig(fake), environment);
  fake.says("hello");
  await until("the code", () => fake.chats.shown.length === 1);
  const run = commandsOf(gateway);
  const pending = async (...argv: string[]) =>
    (JSON.parse((await run(["pairing", "list", "--json", ...argv])).stdout) as { pending: { code: string }[] }).pending;
  const [request] = await pending("telegram", "--account", "default");
  expect(await pending("telegram", "--account", "work")).toEqual([]);
  const approved = await run(["pairing", "approve", "telegram", request?.code ?? "", "--notify"]);
  expect(approved.stdout).toStartWith(
    "42 of telegram (default) may write from now on, and is told so, and is the owner",
  );
  await until("it", () => fake.chats.shown.some(({ text }) => text === "You were let in: write to me now."));
});
