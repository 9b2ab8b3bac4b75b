import { Secret, silentLog } from "#base";
import { expect, test } from "bun:test";
import { openSlack } from "../../../src/channels/slack/open.ts";
import { FakeSlack } from "../../support/fake-slack.ts";
import { AccountHouse } from "../../support/open-account.ts";
import { accountOf, openSlackHouse } from "../../support/open-slack.ts";
import { until } from "../../support/until.ts";

test("an event is acknowledged when it is stored, not before", async () => {
  await using slack = await openSlackHouse();
  const stored = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  slack.house.before = () => {
    begun.resolve();
    return stored.promise;
  };
  const { delivery } = slack.fake.say("hi");
  await begun.promise;
  expect(delivery.isAcked).toBe(false);
  stored.resolve();
  await until("the acknowledgement", () => delivery.isAcked);
  expect(slack.house.got).toHaveLength(1);
});

test("what could not be stored comes again, under the same id, until it is", async () => {
  await using slack = await openSlackHouse();
  const ids: string[] = [];
  slack.house.before = async ({ id }) => {
    ids.push(id);
    if (ids.length < 3) throw new Error("the disk is full");
  };
  const { delivery } = slack.fake.say("hi");
  await until("the acknowledgement", () => delivery.isAcked);
  expect(delivery.attempts).toBe(3);
  expect(ids).toHaveLength(3);
  expect(new Set(ids).size).toBe(1);
});

test("what takes longer than Slack waits is handed over once, and its repetition is acknowledged", async () => {
  const clock = { now: () => Date.now(), late: 0, elapsed: () => performance.now() + clock.late };
  await using slack = await openSlackHouse({ clock });
  const stored = Promise.withResolvers<void>();
  slack.house.before = ({ from }) => (from.chat === "C1" ? stored.promise : Promise.resolve());
  const { delivery } = slack.fake.say("hi");
  // Only what was sent before this moment is late by the channel's clock.
  await until("the first to have been sent", () => slack.fake.calls("users.info").length > 0);
  clock.late = 4_000;
  await until("the second", () => delivery.attempts === 2);
  const after = slack.fake.say("what is read after the second", { channel: "C2" });
  await until("the second to have been read", () => after.delivery.isAcked);
  stored.resolve();
  const last = slack.fake.say("what is handed over after both");
  await until("the acknowledgements", () => delivery.isAcked && last.delivery.isAcked);
  expect(delivery.acked).toEqual([2]);
  expect(slack.house.got).toHaveLength(3);
});

test("the messages of a chat are handed over in their order, those of another beside them", async () => {
  await using slack = await openSlackHouse({ ackMs: 5_000 });
  const held = Promise.withResolvers<void>();
  slack.house.before = (update) => ("text" in update && update.text === "1" ? held.promise : Promise.resolve());
  for (const text of ["1", "2", "3"]) slack.fake.say(text);
  const other = slack.fake.say("other", { channel: "C2" });
  await until("the other chat's", () => other.delivery.isAcked);
  held.resolve();
  await until("all", () => slack.house.got.length === 4);
  expect(slack.house.got.map((update) => (update.type === "message" ? update.text : ""))).toEqual([
    "other",
    "1",
    "2",
    "3",
  ]);
});

test.each(["warning", "refresh_requested"])(
  "asked to move (%s), the next socket is open before the last one closes",
  async (reason) => {
    await using slack = await openSlackHouse({ ackMs: 5_000 });
    const stored = Promise.withResolvers<void>();
    slack.house.before = () => stored.promise;
    const owed = slack.fake.say("on the old one");
    await until("it to be on its way", () => slack.fake.calls("users.info").length > 0);
    slack.fake.socket.disconnect(reason);
    await until("the next socket", () => slack.fake.socket.opened === 2);
    expect(slack.fake.socket.links).toBe(2);
    expect(slack.connection.state).toBe("online");
    const next = slack.fake.say("on the new one", { channel: "C2" });
    stored.resolve();
    await until("both acknowledgements", () => owed.delivery.isAcked && next.delivery.isAcked);
    await until("the last one to close", () => slack.fake.socket.links === 1);
    expect([owed.delivery.attempts, next.delivery.attempts]).toEqual([1, 1]);
  },
);

test("a socket that breaks is replaced, and what Slack has in between arrives", async () => {
  await using slack = await openSlackHouse();
  slack.fake.socket.drop();
  const { delivery } = slack.fake.say("in between");
  await until("the acknowledgement", () => delivery.isAcked);
  expect(slack.connection.state).toBe("online");
  expect(slack.connection.problem).toBeUndefined();
});

test("a socket that falls silent is given up", async () => {
  await using slack = await openSlackHouse({ times: { pingMs: 10, silentMs: 1 } });
  await until("another socket", () => slack.fake.socket.opened >= 2);
});

test("a socket on which nothing happens is kept, because it answers", async () => {
  await using slack = await openSlackHouse({ times: { pingMs: 20, silentMs: 500 } });
  await until("many times the silence that is too long", () => slack.fake.socket.pings >= 60);
  expect(slack.fake.socket.opened).toBe(1);
});

test("a socket that never says hello is given up, and the reason is told", async () => {
  await using fake = new FakeSlack();
  fake.socket.isGreeting = false;
  const house = new AccountHouse();
  await using connection = await openSlack(house.options(accountOf(fake)), {
    helloMs: 30,
    pingMs: 10,
    silentMs: 10_000,
    leavingMs: 10,
  });
  await until("the problem", () => connection.problem?.includes("hello"));
  expect(connection.state).toBe("degraded");
  fake.socket.isGreeting = true;
  await until("the channel to be online", () => connection.state === "online");
});

test("frames that are no envelopes are passed over", async () => {
  await using slack = await openSlackHouse();
  for (const frame of [
    "no json",
    "[]",
    "null",
    '{"type":"news"}',
    '{"type":"events_api","envelope_id":7,"payload":{}}',
  ]) {
    slack.fake.socket.sendRaw(frame);
  }
  const odd = slack.fake.deliver({ type: "message", channel: 7, text: null });
  const { delivery } = slack.fake.say("hi");
  await until("the acknowledgements", () => delivery.isAcked && odd.isAcked);
  expect(slack.house.got).toHaveLength(1);
});

test.each([
  ["bot_token", "auth.test", "invalid_auth", "not accepted"],
  ["bot_token", "auth.test", "account_inactive", "deactivated"],
  ["app_token", "apps.connections.open", "not_allowed_token_type", "wrong kind"],
])("a %s that Slack refuses (%s: %s) is named, and Slack is not asked again", async (setting, method, error, words) => {
  await using fake = new FakeSlack();
  fake.fail(method, { error });
  const house = new AccountHouse();
  await using connection = await openSlack(house.options(accountOf(fake)));
  await until("the state", () => connection.state === "offline");
  expect(connection.problem).toContain(setting);
  expect(connection.problem).toContain(words);
  expect(house.changes).toBeGreaterThan(0);
  expect(fake.calls(method)).toHaveLength(1);
});

test("Slack that is down at first is asked again, with the reason told", async () => {
  await using fake = new FakeSlack();
  fake.fail("auth.test", { status: 500 }, { status: 429, retryAfterSeconds: 1 }, { cut: "before" });
  fake.fail("apps.connections.open", { status: 503 });
  await using connection = await openSlack(new AccountHouse().options(accountOf(fake)));
  await until("the channel to be online", () => connection.state === "online");
  expect(fake.calls("auth.test")).toHaveLength(4);
});

test("Socket Mode that is switched off is told", async () => {
  await using slack = await openSlackHouse();
  slack.fake.socket.disconnect("link_disabled");
  await until("the state", () => slack.connection.state === "offline");
  expect(slack.connection.problem).toContain("Socket Mode");
});

test("closed, it leaves no socket and no request behind", async () => {
  await using fake = new FakeSlack();
  const connection = await openSlack(new AccountHouse().options(accountOf(fake)));
  await until("the channel to be online", () => connection.state === "online");
  fake.fail("chat.postMessage", { hang: "before" });
  const hanging = connection.send(
    { to: { channel: "slack", chat: "C1" }, text: "hi", clientKey: "k" },
    new AbortController().signal,
  );
  hanging.catch(() => {});
  await connection[Symbol.asyncDispose]();
  await connection[Symbol.asyncDispose]();
  expect(connection.state).toBe("offline");
  await expect(hanging).rejects.toThrow();
  await until("the socket to close", () => fake.socket.links === 0);
});

test.each([
  ["no app_token", { appToken: undefined }, "app_token must be set"],
  ["no signing_secret in the mode http", { mode: "http", signingSecret: undefined }, "signing_secret must be set"],
  ["an address without encryption", { apiUrl: "http://slack.example/api" }, "must begin with https://"],
  ["what is no address", { apiUrl: "slack" }, "no address"],
])("SEC-60: settings that cannot work are refused: %s", async (_what, change, words) => {
  const settings = {
    botToken: new Secret("xoxb-1"),
    appToken: new Secret("xapp-1"),
    mode: "socket",
    apiUrl: "https://slack.com/api/",
    ...change,
  };
  const { receive, notes, changed, clock, account } = new AccountHouse();
  const opening = async () =>
    openSlack({ account, settings: settings as never, receive, notes, changed, clock, log: silentLog });
  expect(opening()).rejects.toThrow(words);
});
