import { Secret } from "#base";
import type { WebhookAnswer } from "#channels";
import { expect, test } from "bun:test";
import { telegram, type TelegramAccount } from "../../../src/channels/telegram.ts";
import { type ChannelLine, openChannelLine } from "../../support/channel-line.ts";
import { FakeTelegram, Refusal } from "../../support/fake-telegram.ts";
import { telegramSettings } from "../../support/telegram-platform.ts";
import { until } from "../../support/until.ts";

const secret = "s3cret_of-the-hook";
const url = "http://127.0.0.1:1/webhooks/telegram/main";

function settings(fake: FakeTelegram, more: Partial<TelegramAccount> = {}): TelegramAccount {
  return telegramSettings(fake, { mode: "webhook", webhookSecret: new Secret(secret), webhookUrl: url, ...more });
}

/** A server that hands what Telegram posts to the account, as the gateway's does. */
function openDoor(line: () => ChannelLine) {
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      const body = await request.bytes();
      const answer = await line().connection.take?.({
        method: request.method,
        path: "",
        headers: request.headers,
        body,
      });
      return new Response(answer?.body ?? null, { status: answer?.status ?? 500 });
    },
  });
  return { url: `http://127.0.0.1:${server.port}/`, [Symbol.asyncDispose]: () => server.stop(true) };
}

async function call(
  line: ChannelLine,
  update: unknown,
  more: { readonly token?: string; readonly method?: string; readonly path?: string } = {},
): Promise<WebhookAnswer | undefined> {
  const headers = new Headers({ "x-telegram-bot-api-secret-token": more.token ?? secret });
  if (more.token === "none") headers.delete("x-telegram-bot-api-secret-token");
  const body = Buffer.from(typeof update === "string" ? update : JSON.stringify(update));
  return line.connection.take?.({ method: more.method ?? "POST", path: more.path ?? "", headers, body });
}

function written(updateId: number, text = "hello", chat = 42): object {
  const person = { id: chat, is_bot: false, first_name: "Ada" };
  const message = { message_id: updateId, date: 1, chat: { id: chat, type: "private" }, from: person, text };
  return { update_id: updateId, message };
}

async function openOnline(fake: FakeTelegram, options?: Parameters<typeof openChannelLine>[2]): Promise<ChannelLine> {
  const line = await openChannelLine(telegram, settings(fake), options);
  await until("being online", () => line.connection.state === "online");
  return line;
}

test.each<[string, Partial<Record<keyof TelegramAccount, unknown>>]>([
  ["no secret", { webhookSecret: undefined }],
  ["an empty secret", { webhookSecret: new Secret("") }],
  ["a secret that Telegram cannot send", { webhookSecret: new Secret("a b") }],
  ["no address", { webhookUrl: undefined }],
])("with %s it does not start", async (_what, more) => {
  await using fake = new FakeTelegram();
  const opening = openChannelLine(telegram, settings(fake, more as Partial<TelegramAccount>));
  expect(opening).rejects.toThrow(/is needed for webhooks/);
  await opening.catch(() => undefined);
  expect(fake.calls).toEqual([]);
});

test("Telegram is told the address, the secret and what we read, and sends again what was not taken", async () => {
  await using fake = new FakeTelegram();
  let line: ChannelLine | undefined;
  await using door = openDoor(() => line as ChannelLine);
  let tries = 0;
  line = await openChannelLine(telegram, settings(fake, { webhookUrl: door.url }), {
    receive: async () => {
      if (++tries < 3) throw new Error("the disk is full");
    },
  });
  await using held = line;
  fake.says("hello");
  await until("the acknowledgement", () => fake.updates.waiting.length === 0);
  expect(held.texts).toEqual(["hello", "hello", "hello"]);
  expect(new Set(held.received.map(({ id }) => id)).size).toBe(1);
  expect(fake.callsOf("setWebhook")[0]?.fields).toEqual({
    url: door.url,
    secret_token: secret,
    max_connections: 20,
    allowed_updates: [
      "message",
      "edited_message",
      "channel_post",
      "edited_channel_post",
      "callback_query",
      "message_reaction",
    ],
  });
  expect(fake.callsOf("getUpdates")).toEqual([]);
});

test.each([
  ["no secret", { token: "none" }, 401],
  ["an empty secret", { token: "" }, 401],
  ["another secret", { token: `${secret}x` }, 401],
  ["another secret and another method", { token: "x", method: "GET" }, 401],
  ["another method", { method: "GET" }, 405],
  ["another path", { path: "/more" }, 404],
])("a call with %s is turned away, and hands over nothing", async (_what, more, status) => {
  await using fake = new FakeTelegram();
  await using line = await openOnline(fake);
  expect(await call(line, written(1), more)).toMatchObject({ status });
  expect(line.received).toEqual([]);
});

test("a body that is no JSON is bad, and an update that makes no sense is not wanted again", async () => {
  await using fake = new FakeTelegram();
  await using line = await openOnline(fake);
  expect(await call(line, "{")).toMatchObject({ status: 400 });
  expect(await call(line, { update_id: 5, message: { text: "hidden words" } })).toMatchObject({ status: 200 });
  expect(line.received).toEqual([]);
  expect(line.log.filter((entry) => entry.includes("makes no sense"))).toHaveLength(1);
  expect(line.log.join()).not.toContain("hidden words");
});

test("the same call a hundred times is the same update", async () => {
  await using fake = new FakeTelegram();
  await using line = await openOnline(fake);
  const answers = await Promise.all(Array.from({ length: 100 }, () => call(line, written(1))));
  expect(new Set(answers.map((answer) => answer?.status))).toEqual(new Set([200]));
  expect(new Set(line.received.map(({ id }) => id))).toEqual(new Set(["1"]));
});

test("calls of one chat are taken one after the other, others beside them, and not without end", async () => {
  await using fake = new FakeTelegram();
  const gate = Promise.withResolvers<void>();
  await using line = await openOnline(fake, {
    receive: (update) => (update.from.chat === "42" ? gate.promise : Promise.resolve()),
  });
  const stuck = Array.from({ length: 200 }, (_, i) => call(line, written(i, `m${i}`)));
  expect(await call(line, written(900, "too many", 43))).toMatchObject({ status: 503 });
  expect(line.texts).toEqual(["m0"]);
  gate.resolve();
  await Promise.all(stuck);
  expect(line.texts).toEqual(Array.from({ length: 200 }, (_, i) => `m${i}`));
  expect(await call(line, written(901, "fine", 43))).toMatchObject({ status: 200 });
});

test("another chat is taken while one is stuck", async () => {
  await using fake = new FakeTelegram();
  const gate = Promise.withResolvers<void>();
  await using line = await openOnline(fake, {
    receive: (update) => (update.from.chat === "42" ? gate.promise : Promise.resolve()),
  });
  const stuck = call(line, written(1));
  expect(await call(line, written(2, "quick", 43))).toMatchObject({ status: 200 });
  gate.resolve();
  expect(await stuck).toMatchObject({ status: 200 });
});

test("before we know who we are, and after closing, Telegram is asked to wait", async () => {
  await using fake = new FakeTelegram();
  fake.trouble("getMe", "hang");
  const line = await openChannelLine(telegram, settings(fake));
  expect(await call(line, written(1))).toMatchObject({ status: 503 });
  await line[Symbol.asyncDispose]();
  expect(await call(line, written(1))).toMatchObject({ status: 503 });
  expect(line.received).toEqual([]);
});

test("an address that Telegram refuses is named", async () => {
  await using fake = new FakeTelegram();
  fake.trouble("setWebhook", new Refusal(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook"));
  await using line = await openChannelLine(telegram, settings(fake));
  await until("the problem", () => line.connection.problem?.includes("HTTPS URL must be provided"));
  expect(line.connection.state).toBe("degraded");
  await until("a later try", () => line.connection.state === "online");
});

test("the secret is in no log line", async () => {
  await using fake = new FakeTelegram();
  fake.trouble("setWebhook", new Refusal(400, "Bad Request: no"), { status: 502, body: "<html>" });
  await using line = await openOnline(fake);
  expect(line.log.length).toBeGreaterThan(0);
  expect(line.log.join()).not.toContain(secret);
  expect(line.log.join()).not.toContain(fake.token);
});
