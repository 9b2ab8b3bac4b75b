import { expect, test } from "bun:test";
import type { WebhookRequest } from "#channels";
import { slack as slackChannel } from "../../../src/channels/slack.ts";
import { ChannelWalk } from "../../support/channel-walk.ts";
import { FakeSlack } from "../../support/fake-slack.ts";
import { accountOf, openSlackHouse, type SlackHouse } from "../../support/open-slack.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { until } from "../../support/until.ts";
import { type Answer, echo } from "../../support/walk.ts";

async function take(slack: SlackHouse, request: WebhookRequest) {
  if (!slack.connection.take) throw new Error("the mode http takes requests");
  return slack.connection.take(request);
}

const eventOf = (slack: SlackHouse, text = "hi") => JSON.stringify(slack.fake.eventBody(slack.fake.message(text)));

test("Slack's question whether it is us is answered", async () => {
  await using slack = await openSlackHouse({ mode: "http" });
  const body = JSON.stringify({ type: "url_verification", token: "legacy", challenge: "3eZbrw1a" });
  expect(await take(slack, slack.fake.request(body))).toMatchObject({ status: 200, body: "3eZbrw1a" });
  expect(slack.fake.socket.opened).toBe(0);
});

test("an event is answered when it is stored, and refused when it is not", async () => {
  await using slack = await openSlackHouse({ mode: "http" });
  const body = eventOf(slack);
  slack.house.before = () => Promise.reject(new Error("the disk is full"));
  expect(await take(slack, slack.fake.request(body))).toMatchObject({ status: 503 });
  slack.house.before = async () => {};
  const retry = { "x-slack-retry-num": "1", "x-slack-retry-reason": "http_error" };
  expect(await take(slack, slack.fake.request(body, { headers: retry }))).toEqual({ status: 200 });
  expect(slack.house.got).toHaveLength(1);
});

test("REL-11: a hundred copies at once are one update, and each is answered", async () => {
  await using slack = await openSlackHouse({ mode: "http" });
  const body = eventOf(slack);
  const stored = Promise.withResolvers<void>();
  slack.house.before = () => stored.promise;
  const answers = Array.from({ length: 100 }, () => take(slack, slack.fake.request(body)));
  stored.resolve();
  expect(new Set((await Promise.all(answers)).map(({ status }) => status))).toEqual(new Set([200]));
  expect(slack.house.got).toHaveLength(1);
});

test("REL-11: events are answered while the agent is at work, however many wait for it, and each is then one turn", async () => {
  using folder = tempFolder();
  await using fake = new FakeSlack();
  const gate = Promise.withResolvers<void>();
  const answer: Answer = async function* (request) {
    await gate.promise;
    yield* echo(request);
  };
  const platform = { channel: slackChannel, settings: accountOf(fake, "http") };
  await using house = await ChannelWalk.open([platform], { folder: folder.path, answer, limits: { perLane: 5 } });
  await house.online();
  const line = house.accounts.find({ channel: "slack" });
  const texts = Array.from({ length: 100 }, (_, at) => `m${at}`);
  for (const text of texts) {
    const event = fake.message(text, { channel: "D1", channel_type: "im" });
    const request = () => fake.request(JSON.stringify(fake.eventBody(event)));
    for (let copy = 0; copy < 2; copy++) expect(await line?.connection.take?.(request())).toEqual({ status: 200 });
  }
  expect(house.walk.asked.length).toBeLessThanOrEqual(1);
  const shown = () => fake.messages("D1").filter(({ user }) => user === fake.world.me.user);
  expect(shown()).toEqual([]);
  gate.resolve();
  await until("all answers", () => shown().length >= texts.length);
  expect(shown().map(({ text }) => text)).toEqual(texts.map((text) => `echo ${text}`));
});

test.each([
  ["another secret", { secret: "0".repeat(32) }],
  ["a signature that is five minutes old", { atMs: Date.now() - 301_000 }],
  ["a signature of the future", { atMs: Date.now() + 360_000 }],
  ["no signature", { headers: { "x-slack-signature": "" } }],
  ["a signature of another version", { headers: { "x-slack-signature": "v1=00" } }],
  ["a time that is none", { headers: { "x-slack-request-timestamp": "NaN" } }],
  [
    "a time that was not signed",
    { headers: { "x-slack-request-timestamp": String(Math.floor(Date.now() / 1000) - 1) } },
  ],
] as const)("SEC-61: %s is turned away before anything is read", async (_what, options) => {
  await using slack = await openSlackHouse({ mode: "http" });
  expect(await take(slack, slack.fake.request(eventOf(slack), options))).toMatchObject({ status: 401 });
  expect(await take(slack, slack.fake.request("no json", options))).toMatchObject({ status: 401 });
  expect(slack.house.got).toBeEmpty();
});

test("SEC-63: a body that was changed on its way is turned away", async () => {
  await using slack = await openSlackHouse({ mode: "http" });
  const request = slack.fake.request(eventOf(slack));
  const body = new Uint8Array(request.body);
  body[body.length - 2] = 0x20;
  expect(await take(slack, { ...request, body })).toMatchObject({ status: 401 });
});

test("a command comes as a form, a click as JSON in a form", async () => {
  await using slack = await openSlackHouse({ mode: "http" });
  const type = "application/x-www-form-urlencoded";
  const command = new URLSearchParams({
    command: "/openclaw",
    text: "status",
    user_id: "U1",
    channel_id: "C1",
    channel_name: "general",
    team_id: "T1",
    trigger_id: "1.2.3",
  });
  expect(await take(slack, slack.fake.request(String(command), { type }))).toEqual({ status: 200 });
  const click = {
    type: "block_actions",
    user: { id: "U1" },
    team: { id: "T1" },
    channel: { id: "C1", name: "general" },
    message: { ts: "17.1" },
    actions: [{ type: "button", action_id: "button:0:0", value: "yes", action_ts: "18.1" }],
  };
  const payload = new URLSearchParams({ payload: JSON.stringify(click) });
  expect(await take(slack, slack.fake.request(String(payload), { type }))).toEqual({ status: 200 });
  expect(slack.house.got.map((update) => update.type)).toEqual(["command", "button"]);
  slack.house.before = () => Promise.reject(new Error("the disk is full"));
  const refused = await take(slack, slack.fake.request(String(command), { type }));
  expect(refused).toMatchObject({ status: 200, body: expect.stringContaining("try again") });
});

test("other requests are told what is wrong", async () => {
  await using slack = await openSlackHouse({ mode: "http" });
  expect(await take(slack, { ...slack.fake.request(""), method: "GET" })).toMatchObject({ status: 405 });
  expect(await take(slack, slack.fake.request("no json"))).toMatchObject({ status: 400 });
  expect(
    await take(slack, slack.fake.request("ssl_check=1&token=x", { type: "application/x-www-form-urlencoded" })),
  ).toEqual({ status: 200 });
});
