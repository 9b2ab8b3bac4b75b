import { expect, test } from "bun:test";
import { slack as channel } from "../../../src/channels/slack.ts";
import { openSlackHouse } from "../../support/open-slack.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { until } from "../../support/until.ts";
import { Gates, Walk } from "../../support/walk.ts";

const never = new AbortController().signal;
const to = { channel: "slack", chat: "D1", thread: "1700000000.000100" };
const message = { to, text: "one", clientKey: "grows" };

async function begun(slack: Awaited<ReturnType<typeof openSlackHouse>>): Promise<string> {
  const first = await slack.connection.grow?.({ message }, never);
  if (!first || "refused" in first) throw new Error("not begun");
  if (first.isBlank) await slack.connection.grow?.({ message, messageId: first.messageId }, never);
  return first.messageId;
}

test("a stream says nothing until its id is known, by which alone it is found after a crash", async () => {
  await using slack = await openSlackHouse();
  const first = await slack.connection.grow?.({ message }, never);
  const [shown] = slack.fake.messages("D1");
  expect(first).toEqual({ messageId: shown?.ts ?? "", isBlank: true });
  expect(shown).toMatchObject({ text: "", streaming_state: "in_progress" });
  await slack.connection.grow?.({ message, messageId: shown?.ts ?? "" }, never);
  expect(slack.fake.messages("D1")).toMatchObject([{ text: "one" }]);
});

test("in a thread of a direct conversation an answer is a stream, of which each word is sent once", async () => {
  await using slack = await openSlackHouse();
  const messageId = await begun(slack);
  await slack.connection.grow?.({ message: { ...message, text: "one **two" }, messageId }, never);
  await slack.connection.typing?.(to, never);
  expect(slack.fake.world.statuses).toBeEmpty();
  expect(await slack.connection.edit?.({ to, messageId }, "one **two** three", never)).toBeUndefined();
  expect(slack.fake.messages("D1")).toMatchObject([{ text: "one **two** three", streaming_state: "completed" }]);
  expect(slack.fake.calls("chat.appendStream").map((args) => args["markdown_text"])).toEqual(["one", " **two"]);
  expect(slack.fake.calls("chat.stopStream")).toMatchObject([{ markdown_text: "** three" }]);
  expect(slack.fake.calls("chat.update")).toBeEmpty();
});

test("a stream calls nobody, even where the call comes in two parts", async () => {
  await using slack = await openSlackHouse();
  const messageId = await begun(slack);
  for (const text of ["one <", "one <!channel> and <@U1> a < b"]) {
    await slack.connection.grow?.({ message: { ...message, text }, messageId }, never);
  }
  const [shown] = slack.fake.messages("D1");
  expect(shown?.text).not.toMatch(/<[@#!]/);
  expect(shown?.text.replaceAll("\u200B", "")).toBe("one <!channel> and <@U1> a < b");
  expect(slack.fake.calls("chat.update")).toBeEmpty();
});

test("what the answer says otherwise than the stream is written over it", async () => {
  await using slack = await openSlackHouse();
  const messageId = await begun(slack);
  await slack.connection.grow?.({ message: { ...message, text: "one two" }, messageId }, never);
  expect(await slack.connection.edit?.({ to, messageId }, "another **one**", never)).toBeUndefined();
  expect(slack.fake.messages("D1")).toMatchObject([{ text: "another *one*", streaming_state: "completed" }]);
});

test("a stream that Slack ends before its time goes on by editing", async () => {
  await using slack = await openSlackHouse();
  const messageId = await begun(slack);
  slack.fake.world.streams.mostSteps = 0;
  expect(await slack.connection.grow?.({ message: { ...message, text: "one **two" }, messageId }, never)).toEqual({
    messageId,
  });
  expect(slack.fake.messages("D1")).toMatchObject([{ text: "one *two*" }]);
  expect(await slack.connection.edit?.({ to, messageId }, "one two three", never)).toBeUndefined();
  expect(slack.fake.messages("D1")).toMatchObject([{ text: "one two three" }]);
});

test.each([
  ["chat.appendStream", "grow"],
  ["chat.stopStream", "edit"],
] as const)("when the answer to %s is lost, what it says is written anew, nothing twice", async (method, verb) => {
  await using slack = await openSlackHouse();
  const messageId = await begun(slack);
  slack.fake.fail(method, { cut: "after" });
  const step = { message: { ...message, text: "one two" }, messageId };
  const say = async () =>
    verb === "grow"
      ? slack.connection.grow?.(step, never)
      : slack.connection.edit?.({ to, messageId }, "one two", never);
  expect(await say().catch(() => "in doubt")).toBe("in doubt");
  if (verb === "edit") await say();
  expect(await slack.connection.edit?.({ to, messageId }, "one two three", never)).toBeUndefined();
  expect(slack.fake.messages("D1")).toMatchObject([{ text: "one two three", streaming_state: "completed" }]);
});

test("a beginning of which nobody heard says nothing, and is found", async () => {
  await using slack = await openSlackHouse();
  slack.fake.fail("chat.startStream", { cut: "after" });
  expect(await slack.connection.grow?.({ message }, never).catch(() => "in doubt")).toBe("in doubt");
  const [shown] = slack.fake.messages("D1");
  expect(shown?.text).toBe("");
  expect(await slack.connection.find?.(message, never)).toEqual({ messageId: shown?.ts ?? "" });
  expect(await slack.connection.find?.({ ...message, clientKey: "another" }, never)).toBeUndefined();
});

test("a busy Slack is left alone, and the stream goes on where it was", async () => {
  await using slack = await openSlackHouse();
  const messageId = await begun(slack);
  slack.fake.fail("chat.appendStream", { status: 429, retryAfterSeconds: 7 });
  const step = { message: { ...message, text: "one two" }, messageId };
  expect(await slack.connection.grow?.(step, never)).toMatchObject({ refused: "forNow", retryAfterMs: 7_000 });
  expect(await slack.connection.grow?.(step, never)).toEqual({ messageId });
  expect(slack.fake.messages("D1")).toMatchObject([{ text: "one two" }]);
});

test("a message that a person deleted is gone for good", async () => {
  await using slack = await openSlackHouse();
  const messageId = await begun(slack);
  slack.fake.world.chat("D1").messages.length = 0;
  const step = { message: { ...message, text: "one two" }, messageId };
  expect(await slack.connection.grow?.(step, never)).toMatchObject({ refused: "forGood" });
  expect(await slack.connection.edit?.({ to, messageId }, "one two", never)).toMatchObject({ refused: "forGood" });
});

test("one that was taken away keeps nobody from seeing that we are at work", async () => {
  await using slack = await openSlackHouse();
  const messageId = await begun(slack);
  expect(await slack.connection.delete?.({ to, messageId }, never)).toBeUndefined();
  await slack.connection.typing?.(to, never);
  expect(slack.fake.world.statuses).toHaveLength(1);
});

test("an app that may not stream edits, and does not ask again", async () => {
  await using slack = await openSlackHouse();
  slack.fake.world.streams.areAllowed = false;
  await begun(slack);
  await slack.connection.grow?.({ message: { ...message, clientKey: "other" } }, never);
  expect(slack.fake.messages("D1").map(({ text }) => text)).toEqual(["one", "one"]);
  expect(slack.fake.calls("chat.startStream")).toHaveLength(1);
});

test("an edit takes the place of a message's blocks", async () => {
  await using slack = await openSlackHouse();
  const sent = await slack.connection.send({ ...message, buttons: [[{ label: "Yes", data: "yes" }]] }, never);
  if ("refused" in sent) throw new Error(sent.problem);
  await slack.connection.edit?.({ to, messageId: sent.messageId }, "done", never);
  expect(slack.fake.messages("D1")[0]).toMatchObject({ text: "done" });
  expect(slack.fake.messages("D1")[0]?.blocks).toBeUndefined();
});

test("an assistant thread that is opened, or looked at from elsewhere, starts nothing; an answer there is one stream", async () => {
  await using slack = await openSlackHouse();
  const assistant_thread = { user_id: "U1", context: {}, channel_id: "D1", thread_ts: to.thread };
  for (const type of ["assistant_thread_started", "assistant_thread_context_changed"]) {
    slack.fake.deliver({ type, assistant_thread, event_ts: "1700000000.000200" });
  }
  await until("both acknowledged", () => slack.fake.socket.unacknowledged === 0);
  expect(slack.house.got).toEqual([]);

  using folder = tempFolder();
  const gates = new Gates();
  const line = {
    channel: { ...channel, growEveryMs: 5 },
    account: "default",
    settings: { streaming: "partial" } as const,
    connection: slack.connection,
  };
  await using walk = new Walk({
    folder: folder.path,
    channels: [line],
    answer: async function* (request, signal) {
      yield { type: "text", delta: "let me *see*: " } as const;
      yield* gates.answer(request, signal) as AsyncIterable<never>;
    },
  });
  await walk.say("hello", { sessionKey: "agent:main:slack:default:direct:d1", from: to });
  await until("a stream", () => slack.fake.messages("D1")[0]?.text === "let me *see*: ");
  gates.open("hello");
  await until("its end", () => slack.fake.messages("D1")[0]?.streaming_state === "completed");
  expect(slack.fake.messages("D1")).toMatchObject([{ text: "let me *see*: echo hello", thread_ts: to.thread }]);
  expect(slack.fake.calls("chat.update")).toBeEmpty();
});
