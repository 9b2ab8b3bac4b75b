import { createLog } from "#base";
import type { OutboundMessage } from "#channels";
import { expect, test } from "bun:test";
import { createApi } from "../../../src/channels/slack/api.ts";
import { FakeSlack } from "../../support/fake-slack.ts";
import { openSlackHouse } from "../../support/open-slack.ts";
import { until } from "../../support/until.ts";

const signal = new AbortController().signal;

function hello(change: Partial<OutboundMessage> = {}): OutboundMessage {
  return { to: { channel: "slack", chat: "C1" }, text: "hello", clientKey: "key-1", ...change };
}

test("a message is posted, and its id is Slack's", async () => {
  await using slack = await openSlackHouse();
  const sent = await slack.connection.send(hello({ text: "**hello** <!channel> & all" }), signal);
  const [posted] = slack.fake.messages("C1");
  expect(sent).toEqual({ messageId: posted?.ts ?? "" });
  expect(posted).toMatchObject({
    user: "UBOT",
    metadata: { event_type: "openclaw_message", event_payload: { key: "key-1" } },
  });
  expect(posted?.text.replaceAll("\u200B", "")).toContain("*hello*");
  expect(posted?.text).not.toContain("<!channel>");
  expect(posted?.sent).toMatchObject({ unfurl_links: "false", unfurl_media: "false" });
  expect(posted?.thread_ts).toBeUndefined();
});

test("in a thread it is posted into the thread", async () => {
  await using slack = await openSlackHouse();
  await slack.connection.send(hello({ to: { channel: "slack", chat: "C1", thread: "17.1" } }), signal);
  expect(slack.fake.messages("C1")[0]?.thread_ts).toBe("17.1");
});

test("buttons come as blocks below the text, with their data", async () => {
  await using slack = await openSlackHouse();
  const buttons = [
    [
      { label: "Yes", data: "yes" },
      { label: "No", data: "no" },
    ],
    [{ label: "x".repeat(80), data: "long" }],
  ];
  await slack.connection.send(hello({ buttons }), signal);
  expect(slack.fake.messages("C1")[0]?.blocks).toMatchObject([
    { type: "section", text: { type: "mrkdwn", text: "hello" } },
    {
      type: "actions",
      elements: [{ type: "button", value: "yes", text: { type: "plain_text", text: "Yes" } }, { value: "no" }],
    },
    { type: "actions", elements: [{ value: "long", text: { text: "x".repeat(75) } }] },
  ]);
});

test("a long text above buttons is cut into sections, and none of it is lost", async () => {
  await using slack = await openSlackHouse();
  const text = Array.from({ length: 700 }, (_, i) => `<${i}>`).join(" ");
  await slack.connection.send(hello({ text, buttons: [[{ label: "Yes", data: "yes" }]] }), signal);
  const blocks = slack.fake.messages("C1")[0]?.blocks as { type: string; text?: { text: string } }[];
  const sections = blocks.flatMap((block) => block.text?.text ?? []);
  expect(sections.length).toBeGreaterThan(1);
  expect(Math.max(...sections.map((section) => section.length))).toBeLessThanOrEqual(3_000);
  expect(sections.join(" ").match(/\d+/g)).toHaveLength(700);
});

test("data that no button of Slack's can hold is refused before it is tried", async () => {
  await using slack = await openSlackHouse();
  const sent = await slack.connection.send(hello({ buttons: [[{ label: "Yes", data: "x".repeat(2_001) }]] }), signal);
  expect(sent).toMatchObject({ refused: "forGood", problem: expect.stringContaining("2000") });
  expect(slack.fake.calls("chat.postMessage")).toBeEmpty();
});

test("files are there before the text that is found by its key", async () => {
  await using slack = await openSlackHouse();
  const files = [
    { name: "a.txt", mimeType: "text/plain", bytes: Buffer.from("one") },
    { name: "b.png", mimeType: "image/png", bytes: Buffer.from("two") },
  ];
  const sent = await slack.connection.send(
    hello({ text: "", files, to: { channel: "slack", chat: "C1", thread: "17.1" } }),
    signal,
  );
  const [shared, text] = slack.fake.messages("C1");
  expect(shared?.files?.map(({ name, bytes }) => [name, Buffer.from(bytes).toString()])).toEqual([
    ["a.txt", "one"],
    ["b.png", "two"],
  ]);
  expect([shared?.thread_ts, text?.thread_ts]).toEqual(["17.1", "17.1"]);
  expect(text?.text).toBe("a.txt, b.png");
  expect(sent).toEqual({ messageId: text?.ts ?? "" });
});

test.each([
  ["429", { status: 429, retryAfterSeconds: 7 }, { refused: "forNow", retryAfterMs: 7_000 }],
  ["a full workspace", { error: "rate_limited" }, { refused: "forNow" }],
  [
    "a token that is not accepted",
    { error: "invalid_auth" },
    { refused: "forNow", problem: expect.stringContaining("token") },
  ],
  [
    "an unknown chat",
    { error: "channel_not_found" },
    { refused: "forGood", problem: expect.stringContaining("no such conversation") },
  ],
  [
    "a chat without us",
    { error: "not_in_channel" },
    { refused: "forGood", problem: expect.stringContaining("/invite") },
  ],
  ["an archived chat", { error: "is_archived" }, { refused: "forGood" }],
  [
    "what is refused for a reason unknown here",
    { error: "a_new_reason" },
    { refused: "forGood", problem: expect.stringContaining("a_new_reason") },
  ],
] as const)("%s is a refusal", async (_what, fault, expected) => {
  await using slack = await openSlackHouse();
  slack.fake.fail("chat.postMessage", fault);
  expect(await slack.connection.send(hello(), signal)).toMatchObject(expected);
  expect(slack.fake.messages("C1")).toBeEmpty();
  expect(slack.fake.calls("chat.postMessage")).toHaveLength(1);
});

test.each([
  ["500", { status: 500 }],
  ["500 after the message was there", { status: 500, after: true }],
  ["an error in the middle", { error: "fatal_error" }],
  ["a break before", { cut: "before" }],
  ["a break after", { cut: "after" }],
] as const)("%s leaves it in doubt, and the key tells", async (_what, fault) => {
  await using slack = await openSlackHouse();
  slack.fake.fail("chat.postMessage", fault);
  expect(slack.connection.send(hello(), signal)).rejects.toThrow();
  const found = await slack.connection.find?.(hello(), signal);
  expect(found).toEqual(slack.fake.messages("C1")[0] && { messageId: slack.fake.messages("C1")[0]?.ts ?? "" });
  expect(slack.fake.calls("chat.postMessage")).toHaveLength(1);
});

test("Slack that cannot be reached has nothing", async () => {
  await using slack = await openSlackHouse();
  await slack.fake[Symbol.asyncDispose]();
  expect(await slack.connection.send(hello(), signal)).toMatchObject({ refused: "forNow" });
});

test("a message is found behind many others, in its thread, and not in what others wrote", async () => {
  await using slack = await openSlackHouse();
  const { world } = slack.fake;
  const metadata = { event_type: "openclaw_message", event_payload: { key: "key-1" } };
  world.chat("C1").messages.push({ ts: "1.1", text: "forged", user: "U1", metadata, reactions: [] });
  expect(await slack.connection.find?.(hello(), signal)).toBeUndefined();
  const sent = await slack.connection.send(hello(), signal);
  for (let i = 0; i < 450; i++) world.post("C1", { text: String(i) });
  expect(await slack.connection.find?.(hello(), signal)).toEqual(sent as { messageId: string });
  expect(await slack.connection.find?.(hello({ clientKey: "key-2" }), signal)).toBeUndefined();
  const inThread = hello({ clientKey: "key-3", to: { channel: "slack", chat: "C1", thread: "17.1" } });
  const second = await slack.connection.send(inThread, signal);
  expect(await slack.connection.find?.(inThread, signal)).toEqual(second as { messageId: string });
});

test("a message of ours is edited and deleted; another's is not", async () => {
  await using slack = await openSlackHouse();
  const to = { channel: "slack", chat: "C1" };
  const { ts: messageId } = slack.fake.world.post("C1", { text: "old" });
  expect(await slack.connection.edit?.({ to, messageId }, "new", signal)).toBeUndefined();
  expect(slack.fake.messages("C1")[0]?.text).toBe("new");
  expect(await slack.connection.delete?.({ to, messageId }, signal)).toBeUndefined();
  expect(await slack.connection.delete?.({ to, messageId }, signal)).toBeUndefined();
  expect(slack.fake.messages("C1")).toBeEmpty();
  const { ts: theirs } = slack.fake.message("mine");
  expect(await slack.connection.edit?.({ to, messageId: theirs }, "new", signal)).toMatchObject({ refused: "forGood" });
});

test("a reaction is put and taken away, and twice is once", async () => {
  await using slack = await openSlackHouse();
  const { ts: messageId } = slack.fake.message("hi");
  const at = { to: { channel: "slack", chat: "C1" }, messageId };
  const react = (emoji: string, isAdded: boolean) => slack.connection.react?.(at, { emoji, isAdded }, signal);
  expect([await react("👀", true), await react("👀", true)]).toEqual([undefined, undefined]);
  expect(slack.fake.messages("C1")[0]?.reactions).toEqual([{ name: "eyes", user: "UBOT" }]);
  expect([await react("👀", false), await react("👀", false)]).toEqual([undefined, undefined]);
  expect(slack.fake.messages("C1")[0]?.reactions).toBeEmpty();
  expect(await react("🦖", true)).toMatchObject({ refused: "forGood" });
});

test("that we are at work is shown in threads", async () => {
  await using slack = await openSlackHouse();
  await slack.connection.typing?.({ channel: "slack", chat: "C1", thread: "17.1" }, signal);
  await slack.connection.typing?.({ channel: "slack", chat: "C1" }, signal);
  expect(slack.fake.world.statuses).toEqual([{ chat: "C1", thread: "17.1", status: "is thinking…" }]);
});

test("a probe says who we are, or why not", async () => {
  await using slack = await openSlackHouse();
  expect(await slack.connection.probe?.(signal)).toEqual({ name: "openclaw", id: "UBOT" });
  slack.fake.fail("auth.test", { error: "token_revoked" });
  expect(slack.connection.probe?.(signal)).rejects.toThrow("revoked");
});

test("each message ends with its own signal, and with no other's", async () => {
  await using slack = await openSlackHouse();
  const [first, second, third] = [new AbortController(), new AbortController(), new AbortController()];
  expect(await slack.connection.send(hello(), first.signal)).toHaveProperty("messageId");
  first.abort();
  slack.fake.fail("chat.postMessage", { hang: "before" });
  const hanging = slack.connection.send(hello({ clientKey: "key-2" }), second.signal);
  hanging.catch(() => {});
  await until("the second to be asked", () => slack.fake.calls("chat.postMessage").length === 2);
  expect(await slack.connection.send(hello({ clientKey: "key-3" }), third.signal)).toHaveProperty("messageId");
  second.abort();
  await expect(hanging).rejects.toThrow();
  expect(await slack.connection.send(hello({ clientKey: "key-4" }), third.signal)).toHaveProperty("messageId");
});

test("an address outside Slack is not asked, whoever names it", async () => {
  await using slack = await openSlackHouse();
  await using elsewhere = new FakeSlack();
  slack.fake.named = elsewhere.origin;
  const files = [{ name: "a.txt", mimeType: "text/plain", bytes: Buffer.from("one") }];
  const sending = slack.connection.send(hello({ files }), signal);
  await expect(sending).rejects.toThrow("outside Slack");
  expect(elsewhere.asked).toBeEmpty();
});

test("a request that was cut off is for whoever asked to tell of; the library's own word of it is no warning", async () => {
  await using fake = new FakeSlack();
  const lines: string[] = [];
  const log = createLog({ level: "debug", write: (line) => lines.push(line) });
  const api = createApi({ apiUrl: new URL(fake.apiUrl), token: fake.botToken, log });
  fake.fail("auth.test", { cut: "after" });
  await expect(api.call(signal, (client) => client.auth.test())).rejects.toThrow();
  api.logger.warn("this method is deprecated");
  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    { level: "debug", says: expect.stringContaining("http request failed") },
    { level: "warn", says: "this method is deprecated" },
  ]);
});
