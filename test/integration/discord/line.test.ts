import { describe, expect, test } from "bun:test";
import { FakeDiscord } from "../../support/fake-discord.ts";
import { type OpenDiscord, openDiscord } from "../../support/open-discord.ts";
import { until } from "../../support/until.ts";

async function online(discord: FakeDiscord, bot: OpenDiscord): Promise<void> {
  await until("a session", () => discord.gateway.isConnected && bot.connection.state === "online");
}

/** As long as a line takes that is cut and comes back: who wants to try again has tried by then. */
async function anotherLineReturns(): Promise<void> {
  await using discord = await FakeDiscord.open();
  await using bot = await openDiscord(discord);
  await online(discord, bot);
  discord.gateway.drop();
  await until("the other line", () => discord.gateway.resumed.length === 1);
}

/** The texts of the messages, as they were taken. */
function texts(bot: OpenDiscord): string[] {
  return bot.updates.map((update) => (update.type === "message" ? update.text : update.type));
}

describe("a broken line is resumed, and what was written meanwhile is played again:", () => {
  test.each([
    ["a cut", (discord: FakeDiscord) => discord.gateway.drop()],
    ["an unknown error of Discord's", (discord: FakeDiscord) => discord.gateway.close(4_000)],
    ["op 7", (discord: FakeDiscord) => discord.gateway.askToReconnect()],
  ])("%s", async (_how, breakIt) => {
    await using discord = await FakeDiscord.open();
    await using bot = await openDiscord(discord);
    await online(discord, bot);
    const [chat, ada] = [discord.guild.open("text", "general"), discord.guild.join("ada")];
    discord.say(chat, ada, "before");
    await until("the first", () => bot.updates.length === 1);
    breakIt(discord);
    await until("the break", () => !discord.gateway.isConnected);
    discord.say(chat, ada, "meanwhile");
    await until("the second", () => bot.updates.length === 2);
    discord.say(chat, ada, "after");
    await until("the third", () => bot.updates.length === 3);
    expect(texts(bot)).toEqual(["before", "meanwhile", "after"]);
    expect(discord.gateway.identified).toHaveLength(1);
  });
});

test("a line on which nobody answers any more is left for a new one", async () => {
  await using discord = await FakeDiscord.open();
  discord.gateway.heartbeatMs = 30;
  await using bot = await openDiscord(discord);
  await online(discord, bot);
  discord.gateway.isDeaf = true;
  await until("the zombie to be found", () => discord.gateway.resumed.length > 0);
  discord.gateway.isDeaf = false;
  discord.gateway.heartbeatMs = 41_250;
  await online(discord, bot);
  expect(discord.gateway.identified).toHaveLength(1);
});

test("the heartbeat tells Discord the last event that is on disk, and no later one", async () => {
  await using discord = await FakeDiscord.open();
  discord.gateway.heartbeatMs = 30;
  const gate = Promise.withResolvers<void>();
  await using bot = await openDiscord(discord, { receive: () => gate.promise });
  await online(discord, bot);
  discord.say(discord.guild.open("direct", ""), discord.guild.user("ada"), "hi");
  const before = discord.gateway.beats.length;
  await until("some heartbeats", () => discord.gateway.beats.length > before + 3);
  expect(discord.gateway.beats.at(-1)).toBe(1);
  gate.resolve();
  await until("a later one", () => discord.gateway.beats.at(-1) === 2);
});

test("a forgotten session begins anew, and the chats that are known are read for what was missed", async () => {
  await using discord = await FakeDiscord.open();
  await using bot = await openDiscord(discord);
  await online(discord, bot);
  const [chat, direct] = [discord.guild.open("text", "general"), discord.guild.open("direct", "")];
  const ada = discord.guild.join("ada", ["4711"]);
  discord.say(chat, ada, "one");
  discord.say(direct, ada, "two");
  await until("both", () => bot.updates.length === 2);
  discord.gateway.forgetSession();
  discord.gateway.drop();
  await until("the break", () => !discord.gateway.isConnected);
  const missed = [discord.guild.write(chat, ada, "three"), discord.guild.write(direct, ada, "four")];
  discord.guild.write(chat, discord.guild.bot, "ours");
  await until("what was missed", () => bot.updates.length === 4);
  expect(discord.gateway.identified).toHaveLength(2);
  expect(new Set(bot.updates.slice(2).map(({ id }) => id))).toEqual(new Set(missed.map(({ id }) => id)));
  const three = bot.updates.find(({ id }) => id === missed[0]?.id);
  expect(three?.place).toEqual({ kind: "channel", guild: discord.guild.id, title: "general", roles: ["4711"] });
  expect(bot.updates.find(({ id }) => id === missed[1]?.id)?.place).toEqual({ kind: "direct" });
});

test("more than a page of missed messages comes whole and in order", async () => {
  await using discord = await FakeDiscord.open();
  await using bot = await openDiscord(discord);
  await online(discord, bot);
  const [chat, ada] = [discord.guild.open("text", "general"), discord.guild.join("ada")];
  discord.say(chat, ada, "0");
  await until("the first", () => bot.updates.length === 1);
  discord.gateway.forgetSession();
  discord.gateway.drop();
  for (let i = 1; i <= 150; i++) discord.guild.write(chat, ada, String(i));
  await until("all of them", () => bot.updates.length === 151);
  expect(texts(bot)).toEqual(Array.from({ length: 151 }, (_, i) => String(i)));
});

test("the next process goes on with the session of the last one", async () => {
  await using discord = await FakeDiscord.open();
  const notes = new Map<string, string>();
  const [chat, ada] = [discord.guild.open("text", "general"), discord.guild.join("ada")];
  {
    await using bot = await openDiscord(discord, { notes });
    await online(discord, bot);
    discord.say(chat, ada, "one");
    await until("the first", () => bot.updates.length === 1);
  }
  await until("the end", () => !discord.gateway.isConnected);
  discord.say(chat, ada, "two");
  await using bot = await openDiscord(discord, { notes });
  await until("the second", () => bot.updates.length === 1);
  expect(texts(bot)).toEqual(["two"]);
  expect(discord.gateway.identified).toHaveLength(1);
  expect(notes.get("gateway")).not.toContain(discord.token);
});

test("a session is noted before it brings anything: who dies right after is told again what was not taken", async () => {
  await using discord = await FakeDiscord.open();
  const notes = new Map<string, string>();
  const written: string[] = [];
  notes.set = (name, text) => {
    written.push(text);
    return Map.prototype.set.call(notes, name, text) as typeof notes;
  };
  const [chat, ada] = [discord.guild.open("direct", ""), discord.guild.user("ada")];
  await using bot = await openDiscord(discord, { notes });
  discord.gateway.whenKnown(() => discord.say(chat, ada, "first"));
  await until("a message and a note", () => bot.updates.length === 1 && written.length > 0);
  expect(JSON.parse(written[0] ?? "{}")).toMatchObject({ session: { sequence: 1 }, chats: [] });
});

test("what was not taken when a process died comes to the next one again, under the same id", async () => {
  await using discord = await FakeDiscord.open();
  const notes = new Map<string, string>();
  const [chat, ada] = [discord.guild.open("direct", ""), discord.guild.user("ada")];
  const tried: string[] = [];
  {
    await using bot = await openDiscord(discord, {
      notes,
      receive: async ({ id }) => {
        tried.push(id);
        throw new Error("the disk is full");
      },
    });
    await online(discord, bot);
    discord.say(chat, ada, "keep me");
    await until("two tries", () => tried.length >= 2);
  }
  await using bot = await openDiscord(discord, { notes });
  await until("the message", () => bot.updates.length === 1);
  expect(texts(bot)).toEqual(["keep me"]);
  expect(new Set(tried)).toEqual(new Set([bot.updates[0]?.id ?? ""]));
});

test("a message that is not taken is brought again before the next one of its chat", async () => {
  await using discord = await FakeDiscord.open();
  const failures = { left: 2 };
  await using bot = await openDiscord(discord, {
    receive: async () => {
      if (failures.left-- > 0) throw new Error("not now");
    },
  });
  await online(discord, bot);
  const [chat, ada] = [discord.guild.open("direct", ""), discord.guild.user("ada")];
  discord.say(chat, ada, "one");
  discord.say(chat, ada, "two");
  await until("both", () => bot.updates.length === 2);
  expect(texts(bot)).toEqual(["one", "two"]);
});

test("who brings more than can be taken is left until there is room, and nothing is lost", async () => {
  await using discord = await FakeDiscord.open();
  const gate = Promise.withResolvers<void>();
  await using bot = await openDiscord(discord, { receive: () => gate.promise });
  await online(discord, bot);
  const [chat, ada] = [discord.guild.open("direct", ""), discord.guild.user("ada")];
  for (let i = 0; i < 1_200; i++) discord.say(chat, ada, String(i));
  await until("the line to be let go", () => !discord.gateway.isConnected);
  expect(bot.connection).toMatchObject({ state: "degraded", problem: "More comes from Discord than can be taken." });
  gate.resolve();
  await until("all of them", () => bot.updates.length >= 1_200);
  expect(texts(bot)).toEqual(Array.from({ length: 1_200 }, (_, i) => String(i)));
  await online(discord, bot);
});

test("an event of a shape that nobody knows is skipped, and the next one is taken", async () => {
  await using discord = await FakeDiscord.open();
  await using bot = await openDiscord(discord);
  await online(discord, bot);
  const chat = discord.guild.open("direct", "");
  discord.gateway.dispatch("MESSAGE_CREATE", { id: "1" });
  discord.gateway.dispatch("MESSAGE_CREATE", { id: "1", channel_id: chat, author: { id: "3" }, type: 0 });
  discord.gateway.dispatch("NEVER_HEARD_OF", null);
  discord.say(chat, discord.guild.user("ada"), "hi");
  await until("the message", () => bot.updates.length === 1);
  expect(texts(bot)).toEqual(["hi"]);
});

test.each([
  ["a token that Discord's API does not know", "wrong.token", undefined, "does not accept the token"],
  ["a token that the gateway refuses", undefined, 4_004, "does not accept the token"],
  ["intents that are not switched on", undefined, 4_014, "switch on “Message Content Intent”"],
  ["too many servers", undefined, 4_011, "sharding is not supported"],
])("%s: offline, with what to do, and no further try", async (_why, token, closeCode, problem) => {
  await using discord = await FakeDiscord.open();
  discord.gateway.closeCode = closeCode;
  await using bot = await openDiscord(discord, token === undefined ? {} : { token });
  await until("the refusal", () => bot.connection.state === "offline");
  expect(bot.connection.problem).toContain(problem);
  expect(bot.states.at(-1)).toEqual(["offline", bot.connection.problem]);
  const asked = discord.api.calls.length + discord.gateway.identified.length;
  await anotherLineReturns();
  expect(discord.api.calls.length + discord.gateway.identified.length).toBe(asked);
});

test("a line that Discord closed for good stays closed when what was taken before is done", async () => {
  await using discord = await FakeDiscord.open();
  const gate = Promise.withResolvers<void>();
  await using bot = await openDiscord(discord, { receive: () => gate.promise });
  await online(discord, bot);
  discord.say(discord.guild.open("direct", ""), discord.guild.user("ada"), "hi");
  discord.gateway.close(4_014);
  await until("the end", () => bot.connection.state === "offline");
  gate.resolve();
  await until("the message", () => bot.updates.length === 1);
  await anotherLineReturns();
  expect(discord.gateway).toMatchObject({ open: 0, isConnected: false });
  expect(bot.connection.state).toBe("offline");
});

test("a platform that is away at first is found when it is back", async () => {
  await using discord = await FakeDiscord.open();
  discord.api.fail(/gateway\/bot/, { status: 503 });
  await using bot = await openDiscord(discord);
  await until("the trouble to be said", () => bot.connection.problem === "Discord cannot be reached.");
  expect(bot.connection.state).toBe("degraded");
  await online(discord, bot);
});

test("closing is quick, whatever is going on, and leaves no line open", async () => {
  await using discord = await FakeDiscord.open();
  const hanging = Promise.withResolvers<void>();
  const bot = await openDiscord(discord, { receive: () => hanging.promise });
  await online(discord, bot);
  discord.say(discord.guild.open("direct", ""), discord.guild.user("ada"), "hi");
  discord.gateway.drop();
  await bot.connection[Symbol.asyncDispose]();
  hanging.resolve();
  await until("no line", () => discord.gateway.open === 0);
  await anotherLineReturns();
  expect(discord.gateway.open).toBe(0);
});

test("an address that is not encrypted is refused, but on this machine", async () => {
  const open = openDiscord({ apiBase: "http://discord.example/api", token: "t" });
  expect(open).rejects.toThrow("channels.discord.accounts.bot: api_base must be an https:// address.");
});
