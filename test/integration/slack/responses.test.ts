import { systemClock } from "#base";
import type { OutboundMessage, ReplyTicket } from "#channels";
import type { ModelEvent } from "#providers";
import { expect, test } from "bun:test";
import { slack as channel } from "../../../src/channels/slack.ts";
import { ChannelWalk } from "../../support/channel-walk.ts";
import { FakeSlack } from "../../support/fake-slack.ts";
import { accountOf, openSlackHouse, type SlackHouse } from "../../support/open-slack.ts";
import { says } from "../../support/scripted-provider.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { until } from "../../support/until.ts";

const signal = new AbortController().signal;

function command(responseUrl: string, at = 0): object {
  return {
    command: "/openclaw",
    text: "status",
    user_id: "U1",
    user_name: "ann",
    channel_id: "C2",
    channel_name: "random",
    team_id: "T1",
    trigger_id: `1.${at}`,
    response_url: responseUrl,
  };
}

/** A slash command in a channel, and its ticket. */
async function commanded(slack: SlackHouse, responseUrl: string): Promise<ReplyTicket> {
  const before = slack.house.got.length;
  slack.fake.socket.deliver("slash_commands", command(responseUrl, before));
  const update = await until("the command", () => slack.house.got[before]);
  if (update.type !== "command" || !update.reply) throw new Error("no ticket");
  return update.reply;
}

function openUrl({ fake }: SlackHouse, options: { readonly uses?: number } = {}): string {
  return `${fake.origin}${fake.responses.open("C2", options)}`;
}

async function openHidden(options: Parameters<typeof openSlackHouse>[0] = {}): Promise<SlackHouse> {
  const slack = await openSlackHouse(options);
  slack.fake.world.chat("C2").isHidden = true;
  return slack;
}

function answer(ticket: ReplyTicket, change: Partial<OutboundMessage> = {}): OutboundMessage {
  return { to: { channel: "slack", chat: "C2" }, text: "**fine** <!channel>", clientKey: "key-1", ticket, ...change };
}

test("where the bot is no member, a command is answered at its own address, for all to see", async () => {
  await using slack = await openHidden();
  const ticket = await commanded(slack, openUrl(slack));
  expect(await slack.connection.send(answer(ticket), signal)).toEqual({ messageId: "response-key-1" });
  expect(slack.fake.responses.said).toMatchObject([
    { body: { response_type: "in_channel", replace_original: false, unfurl_links: false }, authorization: null },
  ]);
  const [shown] = slack.fake.messages("C2");
  expect(shown?.text.replaceAll("\u200B", "")).toContain("*fine*");
  expect(shown?.text).not.toContain("<!channel>");
});

test("where the bot is a member, the answer is a message as any other", async () => {
  await using slack = await openSlackHouse();
  const ticket = await commanded(slack, openUrl(slack));
  const sent = await slack.connection.send(answer(ticket), signal);
  expect(sent).toEqual({ messageId: slack.fake.messages("C2")[0]?.ts ?? "" });
  expect(slack.fake.responses.said).toBeEmpty();
});

test("where the bot is a member and is refused for now, the answer waits for its turn as a message", async () => {
  await using slack = await openSlackHouse();
  const ticket = await commanded(slack, openUrl(slack));
  slack.fake.fail("chat.postMessage", { status: 429, retryAfterSeconds: 7 });
  expect(await slack.connection.send(answer(ticket), signal)).toMatchObject({ refused: "forNow" });
  expect(slack.fake.responses.said).toBeEmpty();
});

test("a click is answered in its thread, with buttons", async () => {
  await using slack = await openHidden();
  slack.fake.socket.deliver("interactive", {
    type: "block_actions",
    user: { id: "U1", username: "ann", team_id: "T1" },
    team: { id: "T1", domain: "fake" },
    channel: { id: "C2", name: "random" },
    message: { ts: "1700000003.000100", thread_ts: "1700000001.000100", type: "message" },
    actions: [{ type: "button", action_id: "button:0:0", block_id: "b", value: "yes", action_ts: "1700000004.1" }],
    response_url: openUrl(slack),
  });
  const update = await until("the click", () => slack.house.got[0]);
  if (update.type !== "button" || !update.reply) throw new Error("no ticket");
  const buttons = [[{ label: "No", data: "no" }]];
  await slack.connection.send(answer(update.reply, { to: update.from, buttons }), signal);
  expect(slack.fake.responses.said[0]?.body).toMatchObject({ thread_ts: "1700000001.000100" });
  expect(JSON.stringify(slack.fake.messages("C2")[0]?.blocks)).toContain('"value":"no"');
});

test("five messages go there, the sixth is refused as ever", async () => {
  await using slack = await openHidden();
  const ticket = await commanded(slack, openUrl(slack, { uses: 9 }));
  const sent = [];
  for (const clientKey of ["1", "2", "3", "4", "5", "6"]) {
    sent.push(await slack.connection.send(answer(ticket, { clientKey }), signal));
  }
  expect(sent.slice(0, 5).every((one) => "messageId" in one)).toBeTrue();
  expect(sent[5]).toMatchObject({ refused: "forGood", problem: expect.stringContaining("channel_not_found") });
  expect(slack.fake.responses.said).toHaveLength(5);
});

test("after half an hour it is refused as ever, and Slack is not asked there", async () => {
  let lateMs = 0;
  const clock = { now: () => systemClock.now() + lateMs, elapsed: () => systemClock.elapsed() + lateMs };
  await using slack = await openHidden({ clock });
  const ticket = await commanded(slack, openUrl(slack));
  lateMs = 30 * 60_000;
  expect(await slack.connection.send(answer(ticket), signal)).toMatchObject({ refused: "forGood" });
  expect(slack.fake.responses.said).toBeEmpty();
});

test.each([["over"], ["used up"]])("an address that Slack says is %s is refused as ever", async (what) => {
  await using slack = await openHidden();
  const path = slack.fake.responses.open("C2", { uses: what === "over" ? 5 : 0 });
  if (what === "over") slack.fake.responses.expire(path);
  const ticket = await commanded(slack, `${slack.fake.origin}${path}`);
  expect(await slack.connection.send(answer(ticket), signal)).toMatchObject({
    refused: "forGood",
    problem: expect.stringContaining("channel_not_found"),
  });
});

test("nothing is said at an address outside Slack, nor in another chat, nor with files", async () => {
  await using slack = await openHidden();
  slack.fake.world.chat("C1").isHidden = true;
  await using elsewhere = new FakeSlack();
  const stolen = await commanded(slack, `${elsewhere.origin}${elsewhere.responses.open("C2")}`);
  expect(await slack.connection.send(answer(stolen), signal)).toMatchObject({ refused: "forGood" });
  expect(elsewhere.responses.said).toBeEmpty();

  const ticket = await commanded(slack, openUrl(slack));
  const to = { channel: "slack", chat: "C1" };
  expect(await slack.connection.send(answer(ticket, { to }), signal)).toMatchObject({ refused: "forGood" });
  const files = [{ name: "a.txt", mimeType: "text/plain", bytes: Buffer.from("one") }];
  expect(await slack.connection.send(answer(ticket, { files }), signal)).toMatchObject({ refused: "forGood" });
  expect(slack.fake.responses.said).toBeEmpty();
});

test("too many requests there cost no use", async () => {
  await using slack = await openHidden();
  const ticket = await commanded(slack, openUrl(slack));
  const busy = { status: 429, retryAfterSeconds: 7 };
  slack.fake.fail("response_url", busy, busy, busy, busy, busy);
  for (let tries = 0; tries < 5; tries++) {
    const sent = await slack.connection.send(answer(ticket), signal);
    expect(sent).toMatchObject({ refused: "forNow", retryAfterMs: 7_000 });
  }
  expect(await slack.connection.send(answer(ticket), signal)).toHaveProperty("messageId");
});

test("an answer that was lost leaves it in doubt, which does not last: where nothing can be found, it is said again", async () => {
  await using slack = await openHidden();
  const url = openUrl(slack);
  const ticket = await commanded(slack, url);
  slack.fake.fail("response_url", { cut: "after" });
  const lost = slack.connection.send(answer(ticket), signal);
  await expect(lost).rejects.not.toThrow(url);
  expect(await slack.connection.find?.(answer(ticket), signal)).toBeUndefined();
  expect(await slack.connection.send(answer(ticket), signal)).toHaveProperty("messageId");
});

test("a long answer to a command comes there in all its pieces, and the address is nowhere on disk or in the log", async () => {
  await using fake = new FakeSlack();
  using folder = tempFolder();
  fake.world.chat("C2").isHidden = true;
  const text = Array.from({ length: 1_500 }, (_, i) => `word${i}`).join(" ");
  await using walks = await ChannelWalk.open([{ channel, settings: accountOf(fake) }], {
    folder: folder.path,
    answer: () => says(text),
  });
  await walks.online();
  const path = fake.responses.open("C2");
  fake.socket.deliver("slash_commands", command(`${fake.origin}${path}`));
  const { storage, logged } = walks.walk;
  await until("the answer", () => fake.messages("C2").length > 1);
  await until("nothing to be owed", async () => (await storage.outbox({ limit: 1 })).length === 0);
  const words = fake.messages("C2").map((message) => message.text);
  expect(words.join(" ").match(/word\d+/g)).toHaveLength(1_500);
  expect(JSON.stringify(logged)).not.toContain(path);
  for (const file of new Bun.Glob("*").scanSync(folder.path)) {
    expect(await Bun.file(`${folder.path}/${file}`).text()).not.toContain(path);
  }
});

test.each([
  ["a member", false],
  ["no member", true],
])(
  "where the bot is %s, a growing answer to a command takes the address for what cannot be said else",
  async (_what, isHidden) => {
    await using fake = new FakeSlack();
    using folder = tempFolder();
    fake.world.chat("C2").isHidden = isHidden;
    const gate = Promise.withResolvers<void>();
    async function* words(): AsyncGenerator<ModelEvent> {
      yield { type: "text", delta: "first" };
      await gate.promise;
      yield { type: "text", delta: " second" };
      yield { type: "done", stop: "stop", usage: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 } };
    }
    const settings = { ...accountOf(fake), streaming: "partial" };
    await using walks = await ChannelWalk.open([{ channel, settings }], { folder: folder.path, answer: words });
    await walks.online();
    fake.socket.deliver("slash_commands", command(`${fake.origin}${fake.responses.open("C2")}`));
    await until("the beginning to be tried", () => fake.calls("chat.postMessage").length > 0);
    if (!isHidden) await until("the beginning", () => fake.messages("C2")[0]?.text === "first");
    expect(fake.responses.said).toBeEmpty();
    gate.resolve();
    const { storage } = walks.walk;
    await until("the whole answer", () => fake.messages("C2")[0]?.text === "first second");
    await until("nothing to be owed", async () => (await storage.outbox({ limit: 1 })).length === 0);
    expect(fake.messages("C2")).toHaveLength(1);
    expect(fake.responses.said).toHaveLength(isHidden ? 1 : 0);
  },
);

test("a stranger's command between two people, where the bot is not, is answered there with the code", async () => {
  await using fake = new FakeSlack();
  using folder = tempFolder();
  fake.world.chats.set("D2", { id: "D2", name: "directmessage", kind: "im", messages: [], isHidden: true });
  const settings = { ...accountOf(fake), dmPolicy: "pairing", allowFrom: [] };
  await using walks = await ChannelWalk.open([{ channel, settings }], { folder: folder.path, answer: () => says("") });
  await walks.online();
  const url = `${fake.origin}${fake.responses.open("D2")}`;
  fake.socket.deliver("slash_commands", { ...command(url), channel_id: "D2", channel_name: "directmessage" });
  const { storage } = walks.walk;
  await until("the code", () => fake.messages("D2").some(({ text }) => text.includes("Pairing code: ")));
  await until("nothing to be owed", async () => (await storage.outbox({ limit: 1 })).length === 0);
  expect(fake.responses.said).toHaveLength(1);
});
