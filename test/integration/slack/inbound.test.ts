import type { Update } from "#channels";
import { expect, test } from "bun:test";
import { FakeSlack } from "../../support/fake-slack.ts";
import { openSlackHouse, type SlackHouse } from "../../support/open-slack.ts";
import { until } from "../../support/until.ts";

const signal = new AbortController().signal;

/** The update that comes of what Slack delivers. */
async function updateOf(slack: SlackHouse, bring: () => unknown): Promise<Update> {
  const before = slack.house.got.length;
  bring();
  return until("an update", () => slack.house.got[before]);
}

test("a message in a channel names its place, its writer and its text", async () => {
  await using slack = await openSlackHouse();
  const update = await updateOf(slack, () => slack.fake.say("good *morning* &amp; hello"));
  const { ts } = slack.fake.messages("C1")[0] ?? { ts: "" };
  expect(update).toMatchObject({
    type: "message",
    id: `message:C1:${ts}`,
    messageId: ts,
    at: Math.floor(Number(ts) * 1000),
    from: { channel: "slack", account: "work", chat: "C1" },
    place: { kind: "channel", title: "general", guild: "T1" },
    sender: { id: "U1", name: "Ann", username: "ann", isBot: false },
    text: "good **morning** & hello",
    isToUs: false,
  });
  expect(update.from).not.toHaveProperty("thread");
});

test.each([
  ["a direct message", { channel: "D1", channel_type: "im" }, { place: { kind: "direct" } }],
  ["a group of people", { channel: "CM", channel_type: "mpim" }, { place: { kind: "group" } }],
  ["a private channel", { channel_type: "group" }, { place: { kind: "channel" } }],
  [
    "a reply in a thread",
    { thread_ts: "1690000000.000100", parent_user_id: "U2" },
    { from: { thread: "1690000000.000100" }, isToUs: false },
  ],
  ["a reply to a message of ours", { thread_ts: "1690000000.000100", parent_user_id: "UBOT" }, { isToUs: true }],
  [
    "a reply that is shown in the channel too",
    { subtype: "thread_broadcast", thread_ts: "1690000000.000100" },
    { text: "hi" },
  ],
  [
    "another bot",
    { user: undefined, bot_id: "B2", subtype: "bot_message", username: "ci" },
    { sender: { id: "B2", name: "ci", isBot: true } },
  ],
  ["a bot with a user", { user: "U9", bot_id: "B2" }, { sender: { id: "U9", isBot: true } }],
])("%s", async (_what, options, expected) => {
  await using slack = await openSlackHouse();
  expect(await updateOf(slack, () => slack.fake.say("hi", options))).toMatchObject(expected);
});

test("what a thread began with is asked for by who wants to know it, with its writer", async () => {
  await using slack = await openSlackHouse();
  const { ts } = slack.fake.say("the build is *red*", { user: "U2" });
  slack.fake.say("who looks?", { thread_ts: ts });
  const [, update] = await until("both", () => (slack.house.got.length === 2 ? slack.house.got : undefined));
  if (update?.type !== "message") throw new Error("it is a message");
  expect(slack.fake.calls("conversations.replies")).toBeEmpty();
  expect(await update.threadRoot?.(signal)).toEqual({
    messageId: ts,
    sender: { id: "U2", name: "Bob", username: "bob", isBot: false },
    text: "the build is **red**",
    isOurs: false,
  });
  const [first] = slack.house.got;
  expect(first).not.toHaveProperty("threadRoot");
  const ours = await slack.connection.send(
    { to: { channel: "slack", chat: "C1" }, text: "good morning", clientKey: "k" },
    signal,
  );
  if (!("messageId" in ours)) throw new Error("it was sent");
  const answer = await updateOf(slack, () => slack.fake.say("to you too", { thread_ts: ours.messageId }));
  expect(answer.type === "message" && (await answer.threadRoot?.(signal))).toMatchObject({
    text: "good morning",
    isOurs: true,
  });
  const lost = await updateOf(slack, () => slack.fake.say("hm", { thread_ts: "1690000000.000100" }));
  expect(lost.type === "message" && (await lost.threadRoot?.(signal))).toBeUndefined();
});

test.each([
  ["our own message", { user: "UBOT", bot_id: "BBOT" }],
  ["our own message without a user", { user: undefined, bot_id: "BBOT", subtype: "bot_message" }],
  ["somebody's coming", { subtype: "channel_join" }],
  ["a deleted message", { subtype: "message_deleted" }],
])("%s is acknowledged and goes nowhere", async (_what, options) => {
  await using slack = await openSlackHouse();
  const { delivery } = slack.fake.say("hi", options);
  await until("the acknowledgement", () => delivery.isAcked);
  expect(slack.house.got).toBeEmpty();
});

test("a mention comes as two events of one id, and without our name at its beginning", async () => {
  await using slack = await openSlackHouse();
  const event = slack.fake.message("<@UBOT>: what does <@U2> say?");
  slack.fake.deliver(event);
  slack.fake.deliver({ ...event, type: "app_mention", channel_type: undefined });
  await until("both to be heard", () => slack.fake.socket.opened === 1 && slack.house.got.length > 0);
  const [first] = slack.house.got;
  expect(first).toMatchObject({ text: "what does @Bob say?", isToUs: true, place: { kind: "channel" } });
  expect(new Set(slack.house.got.map(({ id }) => id)).size).toBe(1);
});

test("an `app_mention` in a group of people is of the same place as the message", async () => {
  await using slack = await openSlackHouse();
  const event = {
    type: "app_mention",
    channel: "CM",
    user: "U1",
    text: "<@UBOT> hi",
    ts: "1700000100.000100",
    event_ts: "1",
  };
  expect(await updateOf(slack, () => slack.fake.deliver(event))).toMatchObject({ place: { kind: "group" } });
});

test("what was written in Slack's editor is read from its blocks", async () => {
  await using slack = await openSlackHouse();
  const blocks = [
    {
      type: "rich_text",
      block_id: "b",
      elements: [
        {
          type: "rich_text_section",
          elements: [
            { type: "user", user_id: "UBOT" },
            { type: "text", text: " see " },
            { type: "link", url: "https://example.com/a", text: "this" },
            { type: "text", text: " is 2*3*4 ", style: { bold: true } },
            { type: "emoji", name: "tada", unicode: "1f389" },
          ],
        },
        {
          type: "rich_text_list",
          style: "ordered",
          indent: 0,
          elements: [
            { type: "rich_text_section", elements: [{ type: "text", text: "one" }] },
            { type: "rich_text_section", elements: [{ type: "text", text: "two" }] },
          ],
        },
        { type: "rich_text_preformatted", language: "js", elements: [{ type: "text", text: "let a = 1;" }] },
        { type: "rich_text_quote", elements: [{ type: "text", text: "said he" }] },
      ],
    },
  ];
  const update = await updateOf(slack, () => slack.fake.say("<@UBOT> see …", { blocks }));
  expect(update).toMatchObject({ isToUs: true });
  const text = update.type === "message" ? update.text : "";
  expect(text).toMatch(/^see \[this\]\(<?https:\/\/example.com\/a>?\) \*\*is 2\\\*3\\\*4\*\*/);
  expect(text).toContain("🎉");
  expect(text).toMatch(/^1\\?\. one\n2\\?\. two$/m);
  expect(text).toContain("```js\nlet a = 1;\n```");
  expect(text).toContain("> said he");
});

test("an edit carries the new text, and what only looks like one does not count", async () => {
  await using slack = await openSlackHouse();
  const message = {
    type: "message",
    user: "U1",
    ts: "1700000001.000100",
    text: "new",
    edited: { user: "U1", ts: "1700000009.000000" },
  };
  const changed = {
    type: "message",
    subtype: "message_changed",
    channel: "C1",
    channel_type: "channel",
    ts: "1",
    event_ts: "1",
  };
  const others = [
    { ...changed, message: { ...message, edited: undefined }, previous_message: { text: "old" } },
    { ...changed, message: { ...message, edited: { ts: "1700000008.000000" } }, previous_message: { text: "new" } },
    { ...changed, message: { ...message, user: "UBOT" }, previous_message: { text: "old" } },
  ].map((event) => slack.fake.deliver(event));
  await until("them to be passed over", () => others.every(({ isAcked }) => isAcked));
  expect(slack.house.got).toBeEmpty();
  const update = await updateOf(slack, () =>
    slack.fake.deliver({ ...changed, message, previous_message: { text: "old" } }),
  );
  expect(update).toMatchObject({
    type: "edited",
    id: "edited:C1:1700000001.000100:1700000009.000000",
    messageId: "1700000001.000100",
    text: "new",
    at: 1_700_000_009_000,
  });
});

test.each([
  ["reaction_added", "+1", { emoji: "👍", isAdded: true }],
  ["reaction_removed", "partyparrot", { emoji: ":partyparrot:", isAdded: false }],
])("%s", async (type, reaction, expected) => {
  await using slack = await openSlackHouse();
  const event = {
    type,
    user: "U1",
    reaction,
    item_user: "UBOT",
    item: { type: "message", channel: "C1", ts: "17.1" },
    event_ts: "1700000002.5",
  };
  expect(await updateOf(slack, () => slack.fake.deliver(event))).toMatchObject({
    type: "reaction",
    messageId: "17.1",
    sender: { id: "U1", name: "Ann" },
    ...expected,
  });
});

const command = {
  token: "legacy",
  command: "/openclaw",
  text: "status now",
  user_id: "U1",
  user_name: "ann",
  channel_id: "D1",
  channel_name: "directmessage",
  team_id: "T1",
  trigger_id: "13345224609.738474920.8088930838d88f008e0",
  response_url: "https://hooks.slack.com/commands/1",
};

test("a slash command", async () => {
  await using slack = await openSlackHouse();
  expect(await updateOf(slack, () => slack.fake.socket.deliver("slash_commands", command))).toMatchObject({
    type: "command",
    id: "command:13345224609.738474920.8088930838d88f008e0",
    name: "openclaw",
    args: "status now",
    from: { chat: "D1" },
    place: { kind: "direct" },
    reply: { token: expect.not.stringContaining("hooks.slack.com") },
  });
});

test("a slash command that could not be taken is answered with a word, because it does not come again", async () => {
  await using slack = await openSlackHouse();
  slack.house.before = () => Promise.reject(new Error("the disk is full"));
  const delivery = slack.fake.socket.deliver("slash_commands", command);
  await until("the answer", () => delivery.isAcked);
  expect(delivery.answer).toMatchObject({ response_type: "ephemeral", text: expect.stringContaining("try again") });
});

test("a click on a button brings its data back", async () => {
  await using slack = await openSlackHouse();
  const click = {
    type: "block_actions",
    user: { id: "U1", username: "ann", team_id: "T1" },
    team: { id: "T1", domain: "fake" },
    channel: { id: "C1", name: "general" },
    message: { ts: "1700000003.000100", thread_ts: "1700000001.000100", type: "message" },
    container: { type: "message", message_ts: "1700000003.000100", channel_id: "C1" },
    actions: [{ type: "button", action_id: "button:0:0", block_id: "b", value: "yes", action_ts: "1700000004.1" }],
    response_url: "https://hooks.slack.com/actions/1",
    trigger_id: "1",
  };
  expect(await updateOf(slack, () => slack.fake.socket.deliver("interactive", click))).toMatchObject({
    type: "button",
    messageId: "1700000003.000100",
    data: "yes",
    from: { chat: "C1", thread: "1700000001.000100" },
    sender: { id: "U1" },
  });
});

test("a file is fetched when it is asked for, from Slack's host alone, and bounded", async () => {
  await using slack = await openSlackHouse();
  const { fake } = slack;
  fake.world.files.set("F1", { id: "F1", name: "a.png", bytes: Buffer.from("picture") });
  const file = {
    id: "F1",
    name: "a.png",
    mimetype: "image/png",
    size: 7,
    url_private_download: `${fake.origin}/files/F1`,
  };
  await using elsewhere = new FakeSlack();
  const stolen = { ...file, url_private_download: `${elsewhere.origin}/files/F1` };
  const unnamed = { ...file, url_private_download: undefined, size: undefined };
  fake.world.files.set("F2", { id: "F2", name: "b.png", bytes: Buffer.from(`to ${elsewhere.origin}/files/F1`) });
  const moved = { ...file, id: "F2", url_private_download: `${fake.origin}/files/F2` };
  const update = await updateOf(slack, () =>
    fake.say("look", { subtype: "file_share", files: [file, stolen, unnamed, moved] }),
  );
  const [ours, theirs, asked, led] = update.type === "message" ? update.attachments : [];
  expect(fake.downloads).toBeEmpty();
  expect(ours).toMatchObject({ id: "F1", kind: "image", name: "a.png", mimeType: "image/png", bytes: 7 });
  expect(Buffer.from((await ours?.fetch(100, signal)) ?? []).toString()).toBe("picture");
  expect(Buffer.from((await asked?.fetch(100, signal)) ?? []).toString()).toBe("picture");
  expect(asked?.fetch(6, signal)).rejects.toThrow("larger than 6 bytes");
  expect(theirs?.fetch(100, signal)).rejects.toThrow("does not lie with Slack");
  await expect(led?.fetch(100, signal)).rejects.toThrow("is not a public address");
  expect(elsewhere.downloads).toBeEmpty();
});

test("names that Slack does not tell are left out, and nothing waits for them", async () => {
  await using slack = await openSlackHouse();
  slack.fake.fail("users.info", { error: "missing_scope" });
  slack.fake.fail("conversations.info", { hang: "before" });
  const update = await updateOf(slack, () => slack.fake.say("hi"));
  expect(update).toMatchObject({ sender: { id: "U1", isBot: false }, place: { kind: "channel" }, text: "hi" });
  expect(update.sender).not.toHaveProperty("name");
});
