import type { MenuCommand } from "#channels";
import { describe, expect, test } from "bun:test";
import { discord } from "../../src/channels/discord.ts";
import { telegram } from "../../src/channels/telegram.ts";
import { Secret, silentLog } from "#base";
import { hurriedClock } from "../support/open-discord.ts";
import { FakeDiscord } from "../support/fake-discord.ts";
import { FakeTelegram, Refusal } from "../support/fake-telegram.ts";
import { openGateway, sharedToken } from "../support/open-gateway.ts";
import { telegramSettings } from "../support/telegram-platform.ts";
import { until } from "../support/until.ts";

const some: readonly MenuCommand[] = [
  { name: "help", description: "Shows the commands." },
  {
    name: "think",
    description: `How much. ${"Much more. ".repeat(40)}`,
    argument: { name: "level", description: "How much.", choices: ["off", "low"] },
  },
];

function options(notes: Map<string, string>, commands?: readonly MenuCommand[]) {
  return {
    account: "main",
    receive: async () => {},
    notes: {
      read: async (name: string) => notes.get(name),
      write: async (name: string, text: string) => void notes.set(name, text),
    },
    changed: () => {},
    log: silentLog,
    clock: hurriedClock(),
    ...(commands && { commands }),
  };
}

const openTelegram = (fake: FakeTelegram, notes: Map<string, string>, commands?: readonly MenuCommand[]) =>
  telegram.open({ ...options(notes, commands), settings: telegramSettings(fake) });

const openDiscord = (fake: FakeDiscord, notes: Map<string, string>, commands?: readonly MenuCommand[]) =>
  discord.open({
    ...options(notes, commands),
    settings: { token: new Secret(fake.token), apiBase: fake.apiBase },
  });

describe("Telegram's menu", () => {
  test("shows the commands everywhere and in private chats, and is written again only when they are others", async () => {
    await using fake = new FakeTelegram();
    const notes = new Map<string, string>();
    const shown = () => [fake.menus.get("default"), fake.menus.get("all_private_chats")];
    {
      await using line = await openTelegram(fake, notes, some);
      await until("the note", () => notes.get("menu") !== "" && notes.get("menu"));
      expect(line.warning).toBeUndefined();
    }
    const [menu, inPrivate] = shown();
    expect(menu?.map(({ command }) => command)).toEqual(["help", "think"]);
    expect(inPrivate).toEqual(menu);
    {
      await using line = await openTelegram(fake, notes, some);
      await until("being online", () => line.state === "online");
    }
    expect(fake.callsOf("setMyCommands")).toHaveLength(2);
    await using line = await openTelegram(fake, notes, []);
    await until("the menu to be gone", () => shown().every((one) => one?.length === 0));
    expect(line.warning).toBeUndefined();
  });

  test("is written again after a change that was cut off in the middle", async () => {
    await using fake = new FakeTelegram();
    const notes = new Map<string, string>();
    {
      await using line = await openTelegram(fake, notes, some);
      await until("the note", () => notes.get("menu") !== "" && notes.get("menu"));
      expect(line.warning).toBeUndefined();
    }
    fake.trouble("deleteMyCommands", "lostAnswer");
    {
      await using line = await openTelegram(fake, notes, []);
      await until("the warning", () => line.warning);
    }
    expect(fake.menus.get("default")).toEqual([]);
    await using line = await openTelegram(fake, notes, some);
    await until("the menu to be back", () => fake.menus.get("default")?.length === 2);
    await until("being online", () => line.state === "online");
  });

  test("that is refused is a warning, and messages come all the same", async () => {
    await using fake = new FakeTelegram();
    fake.trouble("setMyCommands", new Refusal(400, "Bad Request: BOT_COMMAND_INVALID"));
    await using line = await openTelegram(fake, new Map(), some);
    await until("the warning", () => line.warning);
    expect(line.warning).toBe(
      "The menu of commands could not be written: Telegram refuses it: BOT_COMMAND_INVALID (400).",
    );
    await until("being online", () => line.state === "online");
    expect(line.problem).toBeUndefined();
  });

  test("is left alone where nobody says what it is to show", async () => {
    await using fake = new FakeTelegram();
    await using line = await openTelegram(fake, new Map());
    await until("being online", () => line.state === "online");
    expect(fake.calls.filter(({ method }) => /Commands/.test(method))).toEqual([]);
  });
});

describe("Discord's slash commands", () => {
  test("are those of the list with what may stand behind them, and are put there once", async () => {
    await using fake = await FakeDiscord.open();
    const notes = new Map<string, string>();
    const puts = () => fake.api.calls.filter(({ path }) => path.endsWith("/commands"));
    for (const life of [1, 2]) {
      await using line = await openDiscord(fake, notes, some);
      await until("being online", () => line.state === "online");
      await until("the note", () => notes.get("menu") !== "" && notes.get("menu"));
      expect(puts(), `life ${life}`).toHaveLength(1);
    }
    const [help, think] = fake.api.commands;
    expect(help).toEqual({ type: 1, name: "help", description: "Shows the commands.", options: [] });
    expect(think).toMatchObject({
      name: "think",
      options: [
        {
          type: 3,
          name: "level",
          required: false,
          choices: [
            { name: "off", value: "off" },
            { name: "low", value: "low" },
          ],
        },
      ],
    });
    await using line = await openDiscord(fake, notes, []);
    await until("them to be gone", () => fake.api.commands.length === 0);
    expect(line.warning).toBeUndefined();
  });

  test("that are refused are a warning, and the line is in order", async () => {
    await using fake = await FakeDiscord.open();
    fake.api.fail(/^PUT .*\/commands$/, { status: 403, body: { code: 50_001, message: "Missing Access" } });
    await using line = await openDiscord(fake, new Map(), some);
    await until("the warning", () => line.warning);
    expect(line.warning).toContain("Missing Access");
    expect(line.state).toBe("online");
  });

  test("come in as what would have been typed", async () => {
    await using fake = await FakeDiscord.open();
    const ada = fake.guild.user("ada");
    const chat = fake.guild.open("direct", "");
    const heard: string[] = [];
    await using line = await discord.open({
      ...options(new Map(), some),
      receive: async (update) => void heard.push(update.type === "command" ? `/${update.name} ${update.args}` : ""),
      settings: { token: new Secret(fake.token), apiBase: fake.apiBase },
    });
    await until("being online", () => line.state === "online" && fake.api.commands.length > 0);
    fake.command(chat, ada, "think", [{ type: 3, name: "level", value: "low" }]);
    await until("the command", () => heard.length > 0);
    expect(heard).toEqual(["/think low"]);
  });
});

test("commands.native = false takes the menus away while the gateway runs, and true brings them back", async () => {
  await using fake = new FakeTelegram();
  const config = `[channels.telegram]\ntoken = "${fake.token}"\napi_root = "${fake.url}"\n`;
  await using gateway = await openGateway(config, { OPENCLAW_GATEWAY_TOKEN: sharedToken });
  const names = () => fake.menus.get("default")?.map(({ command }) => command);
  await until("the menu", () => names()?.includes("status"));
  const listed = (await gateway.call("commands.list")).body.result?.["commands"] as { name: string }[];
  expect(names()).toEqual(listed.map(({ name }) => name));
  const set = (native: boolean) => gateway.call("config.patch", { patch: { commands: { native } } });
  expect((await set(false)).body.result).toMatchObject({ restartRequired: [] });
  await until("the menu to be gone", () => names()?.length === 0);
  await set(true);
  await until("the menu to be back", () => names()?.includes("status"));
});

test("a slash command of Discord's is answered in the place of “thinking…”, and the next message is one of its own", async () => {
  await using fake = await FakeDiscord.open();
  const ada = fake.guild.user("ada");
  const config = `[channels.discord]\ntoken = "${fake.token}"\napi_base = "${fake.apiBase}"\nallow_from = ["${ada.id}"]\n`;
  await using _ = await openGateway(config, { OPENCLAW_GATEWAY_TOKEN: sharedToken });
  const chat = fake.guild.open("direct", "");
  const texts = () => fake.messages(chat).map(({ content }) => content);
  await until("the commands", () => fake.api.commands.length > 0);
  fake.command(chat, ada, "help");
  await until("the answer", () => texts().some((text) => text.includes("/help")));
  expect(texts()).toHaveLength(1);
  fake.say(chat, ada, "hello");
  await until("the next answer", () => texts().length === 3);
});

test("a stranger's slash command of Discord's is answered with the code in its place, the next one to them alone", async () => {
  await using fake = await FakeDiscord.open();
  const eve = fake.guild.user("eve");
  const config = `[channels.discord]\ntoken = "${fake.token}"\napi_base = "${fake.apiBase}"\n`;
  await using _ = await openGateway(config, { OPENCLAW_GATEWAY_TOKEN: sharedToken });
  const chat = fake.guild.open("direct", "");
  const texts = () => fake.messages(chat).map(({ content }) => content);
  await until("the commands", () => fake.api.commands.length > 0);
  fake.command(chat, eve, "help");
  await until("the code", () => texts().some((text) => text.includes("Pairing code: ")));
  expect(fake.api.acknowledged).toHaveLength(1);
  expect(fake.api.whispers).toBeEmpty();
  const { id } = fake.command(chat, eve, "help");
  await until("the next to be answered", () => fake.api.whispers.length === 1);
  expect(fake.api.whispers).toMatchObject([{ id }]);
  expect(texts()).toHaveLength(1);
});

test("buttons that an operator sends are shown, and what is pressed is said; a channel that has none refuses them", async () => {
  await using fake = new FakeTelegram();
  const config = `[channels.telegram]\ntoken = "${fake.token}"\napi_root = "${fake.url}"\nallow_from = ["42"]\n`;
  await using gateway = await openGateway(config, { OPENCLAW_GATEWAY_TOKEN: sharedToken });
  const buttons = [[{ label: "Ship it", data: "please ship it" }]];
  const send = (channel_id: string) =>
    gateway.call("message.send", { channel_id, chat_id: "42", text: "Now?", buttons });
  await until("the account", async () => (await send("telegram")).body.result !== undefined);
  const [message] = fake.chats.shown;
  expect(message?.buttons).toEqual([[{ text: "Ship it", callback_data: "please ship it" }]]);
  const from = { id: 42, is_bot: false, first_name: "Ada" };
  const pressed = {
    message_id: message?.id,
    date: 1_790_000_000,
    chat: { id: 42, type: "private", first_name: "Ada" },
  };
  fake.updates.addRaw({
    callback_query: { id: "q1", from, message: pressed, data: "please ship it", chat_instance: "c" },
  });
  await until("the answer", () => fake.chats.shown.length === 2);
  const { body } = await gateway.call("chat.history", { sessionKey: "main" });
  expect(JSON.stringify(body.result)).toContain("please ship it");
  expect((await send("webchat")).body.error?.message).toContain("no buttons");
});
