import { expect, test } from "bun:test";
import { FakeDiscord } from "../support/fake-discord.ts";
import { FakeLine, group } from "../support/fake-line.ts";
import { openGateway } from "../support/open-gateway.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { until } from "../support/until.ts";
import { lastText, Walk } from "../support/walk.ts";

test("an owner says in a group what is answered there, which is stronger than the settings; others may not", async () => {
  await using fake = await FakeDiscord.open();
  const { guild } = fake;
  const chat = guild.open("text", "general");
  const [ada, bob] = [guild.join("ada"), guild.join("bob")];
  await using gateway = await openGateway(`
    commands.owner_allow_from = ["discord:${ada.id}"]
    [channels.discord]
    token = "${fake.token}"
    api_base = "${fake.apiBase}"
    pace = "off"
    allow_from = ["${ada.id}"]
    group_allow_from = ["${ada.id}", "${bob.id}"]
    guilds."${guild.id}".activation = "mention"`);
  const texts = () => fake.messages(chat).map(({ content }) => content);
  const saysActivation = async (who: typeof ada, when: string, answer: string) => {
    const before = texts().length;
    fake.command(chat, who, "activation", when === "" ? [] : [{ type: 3, name: "when", value: when }]);
    await until(answer, () =>
      texts()
        .slice(before)
        .some((text) => text.includes(answer)),
    );
  };
  const ours = () => fake.messages(chat).filter(({ author }) => author.id === guild.bot.id);
  await until("being online", () => fake.api.commands.some(({ name }) => name === "activation"));
  await saysActivation(ada, "", "Activation: mention (configured)");
  await saysActivation(bob, "always", "operator.admin");
  await saysActivation(ada, "", "Activation: mention (configured)");
  await saysActivation(ada, "sometimes", "one of mention, always, default");
  await saysActivation(ada, "always", "Activation: always");
  const count = ours().length;
  fake.say(chat, bob, "is anybody there?");
  await until("an answer to what does not name us", () => ours().length > count);
  const thread = guild.thread(chat, "aside");
  fake.say(thread, bob, "and here?");
  await until("an answer in a thread of it", () => fake.messages(thread).length > 1);
  const params = { channel: "discord", chat };
  expect((await gateway.call("channels.activation", params)).body.result).toEqual({ activation: "always" });
  expect((await gateway.call("channels.activation", { ...params, activation: null })).body.result).toEqual({});
  await saysActivation(ada, "", "Activation: mention (configured)");
  const direct = guild.open("direct", "");
  fake.command(direct, ada, "activation");
  await until("that it is no group", () => fake.messages(direct).some(({ content }) => content.includes("no group")));
});

test("what was said of a group lasts over a restart; a thread has its own, or that of its group", async () => {
  using folder = tempFolder();
  const line = new FakeLine({ groupAllowFrom: ["1"] });
  const at = { channel: "pigeon", account: "default", chat: "-1" };
  const say = (walk: Walk, text: string, thread?: string) => {
    const from = { ...at, ...(thread !== undefined && { thread }) };
    return walk.inbound.take(line.message(text, { from, place: group, isToUs: false }), line);
  };
  {
    await using walk = new Walk({ folder: folder.path, channels: [line] });
    await say(walk, "before");
    await walk.inbound.activations.keep(at, "always");
    await walk.inbound.activations.keep({ ...at, thread: "7" }, "mention");
  }
  await using walk = new Walk({ folder: folder.path, channels: [line] });
  await say(walk, "in silence", "7");
  await say(walk, "elsewhere", "8");
  await say(walk, "aloud");
  await until("both", () => line.got.length === 2);
  await walk.inbound.activations.keep({ ...at, thread: "7" }, undefined);
  await say(walk, "at last", "7");
  await until("the third", () => line.got.length === 3);
  await walk.inbound.activations.keep(at, "mention");
  await say(walk, "no more", "7");
  await walk.inbound.take(line.message("you there", { from: at, place: group }), line);
  await until("the last", () => line.got.length === 4);
  const answered = walk.asked.map((request) => lastText(request).split("] ").at(-1) ?? "");
  expect(answered.toSorted()).toEqual(["aloud", "at last", "elsewhere", "you there"]);
});

test("a slash command that nobody answers leaves nobody waiting, and tells a stranger nothing but the code", async () => {
  await using fake = await FakeDiscord.open();
  const { guild } = fake;
  const [open, dropped] = [guild.open("text", "open"), guild.open("text", "dropped")];
  const [passed, other] = [guild.open("text", "passed"), guild.open("text", "other")];
  const [ada, eve] = [guild.join("ada"), guild.join("eve")];
  await using _ = await openGateway(`
    [[bindings]]
    action = "drop"
    match = { channel = "discord", peer.kind = "channel", peer.id = "${dropped}" }
    [[bindings]]
    action = "forward"
    to = { channel = "discord", chat = "${other}" }
    match = { channel = "discord", peer.kind = "channel", peer.id = "${passed}" }
    [channels.discord]
    token = "${fake.token}"
    api_base = "${fake.apiBase}"
    group_allow_from = ["${ada.id}"]`);
  await until("being online", () => fake.api.commands.length > 0);
  const direct = guild.open("direct", "");
  const ids = [
    fake.command(open, eve, "status"),
    fake.command(dropped, ada, "status"),
    fake.command(passed, ada, "status"),
  ];
  fake.command(direct, eve, "help");
  await until("all of them to be told", () => fake.api.whispers.length === ids.length);
  expect(new Set(fake.api.whispers.map(({ id }) => id))).toEqual(new Set(ids.map(({ id }) => id)));
  expect(new Set(fake.api.whispers.map(({ content }) => content)).size).toBe(1);
  await until("the code", () => fake.messages(direct).some(({ content }) => content.includes("Pairing code")));
  expect(fake.messages(direct)).toHaveLength(1);
  await until("what was passed on", () => fake.messages(other).length > 0);
  expect([open, dropped, passed].flatMap((chat) => fake.messages(chat))).toEqual([]);
});
