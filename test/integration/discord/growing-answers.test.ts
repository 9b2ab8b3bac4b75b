import { Secret, systemClock } from "#base";
import type { ModelEvent } from "#providers";
import { expect, test } from "bun:test";
import { discord as channel } from "../../../src/channels/discord.ts";
import { ChannelWalk } from "../../support/channel-walk.ts";
import { FakeDiscord } from "../../support/fake-discord.ts";
import { openDiscord } from "../../support/open-discord.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { until } from "../../support/until.ts";

const signal = new AbortController().signal;
const usage = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };

interface Stage extends AsyncDisposable {
  readonly fake: FakeDiscord;
  readonly walks: ChannelWalk;
  readonly chat: string;
  /** Lets the model say the rest. */
  readonly goOn: () => void;
}

/** A model that says `first`, waits, and says ` second`, or nothing at all. */
async function openStage(folder: string, first = "first"): Promise<Stage> {
  const fake = await FakeDiscord.open();
  const gate = Promise.withResolvers<void>();
  async function* answer(): AsyncGenerator<ModelEvent> {
    yield { type: "text", delta: first };
    await gate.promise;
    yield { type: "text", delta: " second" };
    yield { type: "done", stop: "stop", usage };
  }
  const settings = { token: new Secret(fake.token), apiBase: fake.apiBase, streaming: "partial" };
  const walks = await ChannelWalk.open([{ channel, settings }], { folder, answer });
  await walks.online();
  return {
    fake,
    walks,
    chat: fake.guild.open("text", "general"),
    goOn: gate.resolve,
    async [Symbol.asyncDispose]() {
      await walks[Symbol.asyncDispose]();
      await fake[Symbol.asyncDispose]();
    },
  };
}

const ours = ({ fake, chat }: Stage) => fake.messages(chat).filter(({ author }) => author.id === fake.guild.bot.id);

/** What was done there with the bot's own token. */
function doneAsBot({ fake }: Stage): readonly string[] {
  return fake.api.calls.flatMap(({ method, path }) =>
    method !== "GET" && /^\/channels\/\d+\/messages/.test(path) ? `${method} ${path}` : [],
  );
}

async function isDelivered({ walks: { walk } }: Stage): Promise<boolean> {
  return (await walk.storage.outbox({ limit: 1 })).length === 0 && (await walk.storage.openRuns()).length === 0;
}

test("the answer to a command grows in the reply that showed that we think, by its token alone", async () => {
  using folder = tempFolder();
  await using stage = await openStage(folder.path);
  const { fake, chat } = stage;
  fake.command(chat, fake.guild.join("ada"), "ask");
  await until("the beginning in the reply", () => ours(stage)[0]?.content === "first");
  const id = ours(stage)[0]?.id ?? "";
  stage.goOn();
  await until("the end", () => isDelivered(stage));
  expect(ours(stage)).toMatchObject([{ id, content: "first second" }]);
  expect(doneAsBot(stage)).toEqual([]);
  const [trace] = await stage.walks.walk.gateway.trace(id);
  expect(trace).toBeDefined();
});

test("the answer to a button grows in a message of its own", async () => {
  using folder = tempFolder();
  await using stage = await openStage(folder.path);
  const { fake, chat } = stage;
  const asked = fake.guild.write(chat, fake.guild.bot, "May I?");
  fake.press(asked, fake.guild.join("ada"), "yes");
  await until("the beginning", () => ours(stage)[1]?.content === "first");
  stage.goOn();
  await until("the end", () => isDelivered(stage));
  expect(ours(stage).map(({ content }) => content)).toEqual(["May I?", "first second"]);
  expect(doneAsBot(stage)).toEqual([]);
});

test("a beginning of which nobody heard is begun no second time, and the reply is the answer", async () => {
  using folder = tempFolder();
  await using stage = await openStage(folder.path);
  const { fake, chat } = stage;
  fake.api.fail(/^PATCH \/webhooks/, "brokenAfter");
  fake.command(chat, fake.guild.join("ada"), "ask");
  await until("the beginning", () => ours(stage)[0]?.content === "first");
  stage.goOn();
  await until("the end", () => isDelivered(stage));
  expect(ours(stage).map(({ content }) => content)).toEqual(["first second"]);
});

test.each([
  ["was refused", 0],
  ["is a quarter of an hour old", 15 * 60_000],
])("a reply whose token %s is changed as the bot's message that it is", async (_what, laterMs) => {
  await using fake = await FakeDiscord.open();
  let lateMs = 0;
  const clock = { now: () => systemClock.now(), elapsed: () => systemClock.elapsed() + lateMs };
  await using bot = await openDiscord(fake, { clock });
  await until("being online", () => bot.connection.state === "online");
  const chat = fake.guild.open("text", "general");
  fake.command(chat, fake.guild.join("ada"), "ask");
  const command = await until("the command", () => bot.updates[0]);
  const ticket = command.type === "command" ? command.reply : undefined;
  if (!ticket) throw new Error("no ticket");
  const message = { to: command.from, text: "so far", clientKey: "1", ticket };
  const grown = await bot.connection.grow?.({ message }, signal);
  if (!grown || !("messageId" in grown)) throw new Error("not begun");
  expect(fake.messages(chat)).toMatchObject([{ id: grown.messageId, content: "so far" }]);
  lateMs = laterMs;
  const tokenIsOver = { status: 401, body: { code: 50_027, message: "Invalid Webhook Token" } };
  if (laterMs === 0) fake.api.fail(/^PATCH \/webhooks/, tokenIsOver);
  expect(
    await bot.connection.edit?.({ to: command.from, messageId: grown.messageId }, "whole", signal),
  ).toBeUndefined();
  expect(fake.messages(chat)).toMatchObject([{ id: grown.messageId, content: "whole" }]);
  const webhookEdits = fake.api.calls.filter(({ method, path }) => method === "PATCH" && path.startsWith("/webhooks/"));
  expect(webhookEdits).toHaveLength(laterMs === 0 ? 2 : 1);
  expect(bot.connection.state).toBe("online");
});
