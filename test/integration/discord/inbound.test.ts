import type { Update } from "#channels";
import { expect, test } from "bun:test";
import { FakeDiscord } from "../../support/fake-discord.ts";
import { type OpenDiscord, openDiscord } from "../../support/open-discord.ts";
import { until } from "../../support/until.ts";

/** What came of one thing that somebody did. */
async function taken(bot: OpenDiscord, type: Update["type"], at = 0): Promise<Update> {
  return until(`${type} number ${at + 1}`, () => bot.updates.filter((update) => update.type === type)[at]);
}

async function online(discord: FakeDiscord, bot: OpenDiscord): Promise<void> {
  await until("a session", () => discord.gateway.isConnected && bot.connection.state === "online");
}

test("a message in a server's channel says who wrote it, where, and with which roles", async () => {
  await using discord = await FakeDiscord.open();
  await using bot = await openDiscord(discord);
  await online(discord, bot);
  const chat = discord.guild.open("text", "general");
  const ada = discord.guild.join("ada", ["4711"]);
  const message = discord.say(
    chat,
    ada,
    `<@${discord.guild.bot.id}>, is <@${ada.id}> there? <:wave:123456789012345678>`,
  );
  expect(await taken(bot, "message")).toEqual({
    type: "message",
    id: message.id,
    messageId: message.id,
    at: Date.parse(message.timestamp),
    from: { channel: "discord", account: "bot", chat },
    place: { kind: "channel", guild: discord.guild.id, title: "general", roles: ["4711"] },
    sender: { id: ada.id, name: "ada", username: "ada", isBot: false },
    text: "is @ada there? :wave:",
    attachments: [],
    isToUs: true,
  });
});

test("a message of a thread and of a forum's post carries the chat that it lies in", async () => {
  await using discord = await FakeDiscord.open();
  await using bot = await openDiscord(discord);
  await online(discord, bot);
  const forum = discord.guild.open("forum", "questions");
  const post = discord.guild.thread(forum, "How do I …?");
  discord.say(post, discord.guild.join("ada"), "like this");
  const update = await taken(bot, "message");
  expect(update.from).toEqual({ channel: "discord", account: "bot", chat: forum, thread: post });
  expect(update.place).toMatchObject({ kind: "channel", parentChat: forum, title: "How do I …?" });
});

test("a thread that was begun from a message tells that message to who asks; another one has none", async () => {
  await using discord = await FakeDiscord.open();
  await using bot = await openDiscord(discord);
  await online(discord, bot);
  const signal = new AbortController().signal;
  const chat = discord.guild.open("text", "general");
  const [ada, bob] = [discord.guild.join("ada"), discord.guild.join("bob")];
  const root = discord.guild.write(chat, bob, "the build is **red**");
  discord.say(discord.guild.thread(chat, "red", root.id), ada, "who looks?");
  const update = await taken(bot, "message");
  if (update.type !== "message") throw new Error("it is a message");
  expect(discord.api.calls.some(({ path }) => path.includes(`/messages/${root.id}`))).toBe(false);
  expect(await update.threadRoot?.(signal)).toEqual({
    messageId: root.id,
    sender: { id: bob.id, name: "bob", username: "bob", isBot: false },
    text: "the build is **red**",
    isOurs: false,
  });
  discord.say(discord.guild.thread(chat, "of its own"), ada, "hello?");
  const other = await taken(bot, "message", 1);
  expect(other.type === "message" && (await other.threadRoot?.(signal))).toBeUndefined();
  discord.say(chat, ada, "and here?");
  expect(await taken(bot, "message", 2)).not.toHaveProperty("threadRoot");
});

test.each([
  ["a mention of us", (discord: FakeDiscord) => `hey <@${discord.guild.bot.id}>`, true],
  ["a mention of a role of ours", (discord: FakeDiscord) => `hey <@&${discord.guild.botRole}>`, true],
  ["a mention of everyone", () => "hey @everyone", false],
  ["words about us", () => "hey openclaw", false],
])("%s: whether it is to us", async (_what, textIn, isToUs) => {
  await using discord = await FakeDiscord.open();
  await using bot = await openDiscord(discord);
  await online(discord, bot);
  discord.say(discord.guild.open("text", "general"), discord.guild.join("ada"), textIn(discord));
  expect(await taken(bot, "message")).toMatchObject({ isToUs });
});

test("an answer to a message of ours is to us, and quotes it", async () => {
  await using discord = await FakeDiscord.open();
  await using bot = await openDiscord(discord);
  await online(discord, bot);
  const chat = discord.guild.open("text", "general");
  const ours = discord.guild.write(chat, discord.guild.bot, "Tea or coffee?");
  discord.say(chat, discord.guild.join("ada"), "tea", { referenced_message: ours });
  expect(await taken(bot, "message")).toMatchObject({
    isToUs: true,
    quoted: {
      messageId: ours.id,
      text: "Tea or coffee?",
      isOurs: true,
      sender: { id: discord.guild.bot.id, isBot: true },
    },
  });
});

test("a private message is to us, in a direct chat", async () => {
  await using discord = await FakeDiscord.open();
  await using bot = await openDiscord(discord);
  await online(discord, bot);
  const chat = discord.guild.open("direct", "");
  discord.say(chat, discord.guild.user("ada"), "psst");
  expect(await taken(bot, "message")).toMatchObject({ place: { kind: "direct" }, isToUs: true, from: { chat } });
});

test("what bots and webhooks write is theirs, what we write is not brought, nor what Discord itself says", async () => {
  await using discord = await FakeDiscord.open();
  await using bot = await openDiscord(discord);
  await online(discord, bot);
  const chat = discord.guild.open("text", "general");
  discord.say(chat, discord.guild.bot, "mine");
  discord.say(chat, discord.guild.join("ada"), "", { type: 7 });
  discord.say(chat, { ...discord.guild.user("robot"), bot: true }, "beep");
  discord.say(chat, discord.guild.user("hook"), "ding", { webhook_id: "1234567890123456789" });
  await taken(bot, "message", 1);
  expect(bot.updates.map((update) => [update.sender.username, update.sender.isBot])).toEqual([
    ["robot", true],
    ["hook", true],
  ]);
});

test("an edit has an id of its own, the same for each time it is told, and a preview of a link is none", async () => {
  await using discord = await FakeDiscord.open();
  await using bot = await openDiscord(discord);
  await online(discord, bot);
  const chat = discord.guild.open("text", "general");
  const message = discord.say(chat, discord.guild.join("ada"), "tee");
  discord.preview(message);
  discord.edit(message, "tea");
  discord.preview(message);
  const edits = [await taken(bot, "edited"), await taken(bot, "edited", 1)];
  expect(edits.map(({ id }) => id)).toEqual([edits[0]?.id ?? "", edits[0]?.id ?? ""]);
  expect(edits[0]).toMatchObject({ messageId: message.id, text: "tea" });
  expect(edits[0]?.id).not.toBe(message.id);
  expect(bot.updates).toHaveLength(3);
});

test("a reaction that comes, goes and comes again is three updates", async () => {
  await using discord = await FakeDiscord.open();
  await using bot = await openDiscord(discord);
  await online(discord, bot);
  const ada = discord.guild.join("ada", ["4711"]);
  const message = discord.guild.write(discord.guild.open("text", "general"), discord.guild.bot, "Tea?");
  for (const isAdded of [true, false, true]) discord.react(message, ada, "👍", isAdded);
  const last = await taken(bot, "reaction", 2);
  expect(last).toMatchObject({ emoji: "👍", isAdded: true, messageId: message.id, sender: { id: ada.id } });
  expect(last.place.roles).toEqual(["4711"]);
  expect(new Set(bot.updates.map(({ id }) => id)).size).toBe(3);
});

test("a file is read from where Discord keeps files and nowhere else, and no more of it than allowed", async () => {
  await using discord = await FakeDiscord.open();
  await using bot = await openDiscord(discord);
  await using elsewhere = await FakeDiscord.open();
  await online(discord, bot);
  for (const platform of [discord, elsewhere])
    platform.api.files.set("/attachments/1/cat.png", new Uint8Array(50).fill(7));
  discord.api.files.set("/attachments/2/dog.png", Buffer.from(`to ${elsewhere.url}/attachments/1/cat.png`));
  const file = { id: "1", filename: "cat.png", size: 50, content_type: "image/png", proxy_url: "" };
  const lying = { ...file, id: "2", size: 3 };
  discord.say(discord.guild.open("text", "general"), discord.guild.join("ada"), "look", {
    attachments: [
      { ...file, url: `${discord.url}/attachments/1/cat.png` },
      { ...lying, url: `${discord.url}/attachments/1/cat.png` },
      { ...file, id: "3", url: `${elsewhere.url}/attachments/1/cat.png` },
      { ...file, id: "4", url: "http://169.254.169.254/secret" },
      { ...file, id: "5", url: `${discord.url}/attachments/2/dog.png` },
    ],
  });
  const update = await taken(bot, "message");
  if (update.type !== "message") throw new Error("no message");
  const [cat, liar, foreign, metadata, moved] = update.attachments;
  expect(cat).toMatchObject({ id: "1", kind: "image", name: "cat.png", mimeType: "image/png", bytes: 50 });
  const signal = new AbortController().signal;
  expect(await cat?.fetch(50, signal)).toHaveLength(50);
  expect(cat?.fetch(49, signal)).rejects.toThrow("The file is larger than 49 bytes.");
  expect(liar?.fetch(49, signal)).rejects.toThrow("The file is larger than 49 bytes.");
  expect(foreign?.fetch(50, signal)).rejects.toThrow("does not lie with Discord");
  expect(metadata?.fetch(50, signal)).rejects.toThrow("does not lie with Discord");
  await expect(moved?.fetch(50, signal)).rejects.toThrow("points elsewhere");
});

test("a slash command is acknowledged once it is taken, and its ticket answers in place, once", async () => {
  await using discord = await FakeDiscord.open();
  const gate = Promise.withResolvers<void>();
  await using bot = await openDiscord(discord, { receive: () => gate.promise });
  await online(discord, bot);
  const chat = discord.guild.open("text", "general");
  const ada = discord.guild.join("ada");
  const { id } = discord.command(chat, ada, "ask", [{ type: 3, name: "question", value: "why?" }]);
  await until("the place to be asked for", () => discord.api.calls.some(({ path }) => path === `/channels/${chat}`));
  expect(discord.api.acknowledged).toEqual([]);
  gate.resolve();
  const command = await taken(bot, "command");
  expect(command).toMatchObject({ id, name: "ask", args: "why?", sender: { id: ada.id } });
  await until("the acknowledgement", () => discord.api.acknowledged.some((one) => one.id === id));
  await until("the empty answer", () => discord.messages(chat).length === 1);
  const ticket = command.type === "command" ? command.reply : undefined;
  if (!ticket) throw new Error("no ticket");
  const signal = new AbortController().signal;
  const first = await bot.connection.send({ to: command.from, text: "because", clientKey: "1", ticket }, signal);
  const second = await bot.connection.send({ to: command.from, text: "and so", clientKey: "2", ticket }, signal);
  expect(discord.messages(chat).map(({ content }) => content)).toEqual(["because", "and so"]);
  expect([first, second]).toEqual(discord.messages(chat).map((message) => ({ messageId: message.id })));
});

test("a command that is not taken yet is acknowledged before Discord gives it up", async () => {
  await using discord = await FakeDiscord.open();
  const gate = Promise.withResolvers<void>();
  await using bot = await openDiscord(discord, { receive: () => gate.promise });
  await online(discord, bot);
  const { id } = discord.command(discord.guild.open("text", "general"), discord.guild.join("ada"), "ask");
  await until("the acknowledgement", () => discord.api.acknowledged.some((one) => one.id === id));
  expect(bot.updates).toEqual([]);
  gate.resolve();
  await taken(bot, "command");
  expect(discord.api.acknowledged).toHaveLength(1);
});

test("a ticket does not carry an answer into another chat", async () => {
  await using discord = await FakeDiscord.open();
  await using bot = await openDiscord(discord);
  await online(discord, bot);
  const [chat, other] = [discord.guild.open("text", "general"), discord.guild.open("text", "other")];
  discord.command(chat, discord.guild.join("ada"), "ask");
  const command = await taken(bot, "command");
  await until("the acknowledgement", () => discord.messages(chat).length === 1);
  const ticket = command.type === "command" ? command.reply : undefined;
  const message = { to: { ...command.from, chat: other }, text: "hi", clientKey: "1", ...(ticket && { ticket }) };
  await bot.connection.send(message, new AbortController().signal);
  expect(discord.messages(chat).map(({ content }) => content)).toEqual(["thinking…"]);
  expect(discord.messages(other).map(({ content }) => content)).toEqual(["hi"]);
});

test("a pressed button brings its data back, and is answered by a message", async () => {
  await using discord = await FakeDiscord.open();
  await using bot = await openDiscord(discord);
  await online(discord, bot);
  const chat = discord.guild.open("text", "general");
  const to = { channel: "discord", account: "bot", chat };
  const signal = new AbortController().signal;
  const buttons = [[{ label: "Yes", data: "approve:1" }]];
  await bot.connection.send({ to, text: "May I?", clientKey: "1", buttons }, signal);
  const [asked] = discord.messages(chat);
  if (!asked) throw new Error("nothing was asked");
  expect(asked.components).toMatchObject([
    { type: 1, components: [{ type: 2, label: "Yes", custom_id: "approve:1" }] },
  ]);
  discord.press(asked, discord.guild.join("ada"), "approve:1");
  const pressed = await taken(bot, "button");
  expect(pressed).toMatchObject({ data: "approve:1", messageId: asked.id });
  await until("the acknowledgement", () => discord.api.acknowledged.length === 1);
  expect(discord.api.acknowledged[0]?.type).toBe(6);
});

test("what is chosen in a menu comes as if it had been pressed; to choose nothing says nothing", async () => {
  await using discord = await FakeDiscord.open();
  await using bot = await openDiscord(discord);
  await online(discord, bot);
  const chat = discord.guild.open("text", "general");
  const asked = discord.guild.write(chat, discord.guild.bot, "Tea or coffee?");
  const ada = discord.guild.join("ada");
  discord.choose(asked, ada, "drinks", []);
  discord.choose(asked, ada, "drinks", ["tea"]);
  discord.choose(asked, ada, "drinks", ["tea", "coffee"]);
  const [one, both] = [await taken(bot, "button"), await taken(bot, "button", 1)];
  expect(one).toMatchObject({ data: "tea", messageId: asked.id, sender: { id: ada.id }, from: { chat } });
  expect(both).toMatchObject({ data: "tea, coffee" });
  await until("all to be acknowledged", () => discord.api.acknowledged.length === 3);
  expect(discord.api.acknowledged.map(({ type }) => type)).toEqual([6, 6, 6]);
  expect(bot.updates).toHaveLength(2);
});

test.each([
  ["before it is acknowledged, is told to the person alone", false],
  ["after “thinking…” was shown, takes that away", true],
])("that nobody answers a slash command, %s", async (_what, isLate) => {
  await using discord = await FakeDiscord.open();
  const gate = Promise.withResolvers<void>();
  await using bot = await openDiscord(discord, {
    receive: async (update) => {
      if (isLate) await gate.promise;
      if (update.type === "command" && update.reply) void bot.connection.unanswered?.(update.reply);
    },
  });
  await online(discord, bot);
  const chat = discord.guild.open("text", "general");
  const { id } = discord.command(chat, discord.guild.join("ada"), "ask");
  if (isLate) {
    await until("the empty answer", () => discord.messages(chat).length === 1);
    gate.resolve();
  }
  await taken(bot, "command");
  await until("an end", () => discord.api.acknowledged.length === 1 && discord.messages(chat).length === 0);
  expect(discord.api.whispers).toEqual(isLate ? [] : [{ id, content: "I do not answer this here." }]);
});

test("that nobody answers a button shows nothing", async () => {
  await using discord = await FakeDiscord.open();
  await using bot = await openDiscord(discord, {
    receive: async (update) => {
      if (update.type === "button" && update.reply) await bot.connection.unanswered?.(update.reply);
    },
  });
  await online(discord, bot);
  const asked = discord.guild.write(discord.guild.open("text", "general"), discord.guild.bot, "May I?");
  discord.press(asked, discord.guild.join("ada"), "yes");
  await taken(bot, "button");
  expect(discord.api.acknowledged.map(({ type }) => type)).toEqual([6]);
  expect(discord.api.whispers).toEqual([]);
});

test("messages of one chat come in their order, and a chat that hangs holds up no other", async () => {
  await using discord = await FakeDiscord.open();
  const gate = Promise.withResolvers<void>();
  const order: string[] = [];
  await using bot = await openDiscord(discord, {
    receive: async (update) => {
      const text = update.type === "message" ? update.text : "";
      order.push(text);
      if (text === "slow") await gate.promise;
    },
  });
  await online(discord, bot);
  const [one, two] = [discord.guild.open("text", "one"), discord.guild.open("text", "two")];
  const ada = discord.guild.join("ada");
  discord.say(one, ada, "slow");
  discord.say(one, ada, "after");
  discord.say(two, ada, "other");
  await until("the other chat", () => order.includes("other"));
  expect(order).not.toContain("after");
  gate.resolve();
  await until("the rest", () => order.includes("after"));
});
