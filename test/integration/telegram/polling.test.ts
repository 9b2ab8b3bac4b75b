import { Secret } from "#base";
import { expect, test } from "bun:test";
import { telegram } from "../../../src/channels/telegram.ts";
import { type ChannelLine, openChannelLine } from "../../support/channel-line.ts";
import { FakeTelegram, me, Refusal } from "../../support/fake-telegram.ts";
import { telegramSettings } from "../../support/telegram-platform.ts";
import { until } from "../../support/until.ts";

const never = new AbortController().signal;

function open(fake: FakeTelegram, options?: Parameters<typeof openChannelLine>[2]): Promise<ChannelLine> {
  return openChannelLine(telegram, telegramSettings(fake), options);
}

/** A message in the chat of somebody else. */
function inChat(id: number): object {
  const person = { id, is_bot: false, first_name: `P${id}` };
  return { chat: { id, type: "private", first_name: `P${id}` }, from: person };
}

function document(id: string, size: number) {
  return { document: { file_id: id, file_unique_id: id, file_size: size } };
}

function numbered(id: number): object {
  return { update_id: id, message: { message_id: id, date: 1, text: `m${id}`, ...inChat(43) } };
}

function offsets(fake: FakeTelegram): unknown[] {
  return fake.callsOf("getUpdates").map(({ fields }) => fields["offset"]);
}

test("REL-10: the offset stays before what was not taken, its chat waits behind it, and others are not taken twice", async () => {
  await using fake = new FakeTelegram();
  let isDiskFull = true;
  const stuck = fake.says("a1");
  fake.says("b1", inChat(43));
  fake.says("a2");
  await using line = await open(fake, {
    receive: async (update) => {
      if (isDiskFull && "text" in update && update.text.startsWith("a")) throw new Error("the disk is full");
    },
  });
  await until("three tries", () => line.texts.filter((text) => text === "a1").length === 3);
  expect(line.texts).not.toContain("a2");
  expect(line.connection.state).toBe("degraded");
  expect(offsets(fake).filter((offset) => (offset as number) > stuck)).toEqual([]);
  isDiskFull = false;
  await until("all acknowledged", () => fake.updates.waiting.length === 0);
  expect(line.texts.filter((text) => text === "b1")).toHaveLength(1);
  expect(line.texts.slice(line.texts.lastIndexOf("a1"))).toEqual(["a1", "a2"]);
  await until("being online again", () => line.connection.state === "online");
});

test("REL-10: what comes twice or in another order is taken once and in its own", async () => {
  await using fake = new FakeTelegram();
  const result = [3, 1, 1, 2].map(numbered);
  fake.trouble("getUpdates", { status: 200, body: JSON.stringify({ ok: true, result }) });
  await using line = await open(fake);
  await until("all of them", () => line.notes.has("offset"));
  expect(line.texts).toEqual(["m1", "m2", "m3"]);
  expect(JSON.parse(line.notes.get("offset") ?? "{}")).toMatchObject({ next: 4 });
});

test("one slow chat holds up its own messages alone", async () => {
  await using fake = new FakeTelegram();
  const slow = Promise.withResolvers<void>();
  fake.says("slow 1");
  fake.says("slow 2");
  fake.says("quick 1", inChat(43));
  fake.says("quick 2", inChat(43));
  await using line = await open(fake, {
    receive: (update) => ("text" in update && update.text === "slow 1" ? slow.promise : Promise.resolve()),
  });
  await until("the quick ones", () => line.texts.includes("quick 2"));
  expect(line.texts).not.toContain("slow 2");
  slow.resolve();
  await until("the slow ones", () => line.texts.includes("slow 2"));
});

test("a bounded number of chats is taken at once", async () => {
  await using fake = new FakeTelegram();
  for (let chat = 1; chat <= 40; chat++) fake.says("hi", inChat(chat));
  let now = 0;
  let most = 0;
  await using line = await open(fake, {
    receive: async () => {
      most = Math.max(most, ++now);
      await Bun.sleep(1);
      now--;
    },
  });
  await until("all of them", () => line.received.length === 40);
  expect(most).toBe(8);
});

test("REL-10: what makes no sense is left out and named, and what stands around it comes in", async () => {
  await using fake = new FakeTelegram();
  fake.says("before");
  const broken = fake.updates.addRaw({ message: { message_id: 1, chat: { id: "hidden words" } } });
  fake.updates.addRaw({ something_new: { of: "tomorrow" } });
  fake.says("after");
  await using line = await open(fake);
  await until("all acknowledged", () => fake.updates.waiting.length === 0);
  expect(line.texts).toEqual(["before", "after"]);
  const told = line.log.filter((entry) => entry.includes(String(broken)));
  expect(told).toHaveLength(1);
  expect(told[0]).toContain('"level":"warn"');
  expect(line.log.join()).not.toContain("hidden words");
});

test("after a restart it goes on behind what was taken; another bot's note says nothing, nor does an old one", async () => {
  await using fake = new FakeTelegram();
  const notes = new Map<string, string>();
  const last = fake.says("one");
  {
    await using line = await open(fake, { notes });
    await until("the note", () => notes.has("offset") && line.received.length === 1);
  }
  const started = async (day = 0) => {
    const before = fake.callsOf("getUpdates").length;
    const clock = { now: () => Date.now() + day * 86_400_000, elapsed: () => performance.now() };
    await using line = await open(fake, { notes, clock });
    await until("being online", () => line.connection.state === "online");
    return offsets(fake)[before];
  };
  expect(await started()).toBe(last + 1);
  expect(await started(5)).toBe(last + 1);
  expect(await started(7)).toBeUndefined();
  notes.set("offset", JSON.stringify({ bot: me.id + 1, next: 5, at: Date.now() }));
  expect(await started()).toBeUndefined();
  notes.set("offset", "no note of ours");
  expect(await started()).toBeUndefined();
});

test("REL-10: a rival for the same bot is named while it is there, and the line comes back after it", async () => {
  await using fake = new FakeTelegram();
  await using line = await open(fake);
  await until("being online", () => fake.updates.isPolled && line.connection.state === "online");
  const rival = new AbortController();
  const polling = fetch(`${fake.url}/bot${fake.token}/getUpdates`, {
    method: "POST",
    body: JSON.stringify({ timeout: 30 }),
    signal: rival.signal,
  }).catch(() => undefined);
  await until("the rival to be named", () => line.connection.problem?.includes("Another program"));
  expect(line.connection.state).toBe("degraded");
  rival.abort();
  await polling;
  await until("being online again", () => line.connection.state === "online");
  expect(line.connection.problem).toBeUndefined();
});

test("a webhook that is still set is taken away before polling", async () => {
  await using fake = new FakeTelegram();
  fake.updates.setWebhook({ url: "http://127.0.0.1:1/" });
  await using line = await open(fake);
  await until("being online", () => line.connection.state === "online");
  expect(fake.updates.webhook).toBeUndefined();
});

test("a server that is not there is waited for", async () => {
  const notes = new Map<string, string>();
  let line: ChannelLine;
  let port: number;
  {
    await using fake = new FakeTelegram();
    port = fake.port;
    line = await open(fake, { notes });
    fake.says("before");
    await until("the first message", () => line.texts.includes("before"));
  }
  await using held = line;
  await until("being offline", () => held.connection.state === "offline");
  expect(held.connection.problem).toBe("Telegram cannot be reached: ECONNREFUSED.");
  const refused = await held.connection.send(
    { to: { channel: "telegram", chat: "42" }, text: "x", clientKey: "k" },
    never,
  );
  expect(refused).toMatchObject({ refused: "forNow" });
  await using fake = new FakeTelegram({ port, firstUpdate: 800_000 });
  fake.says("after");
  await until("the message after", () => held.texts.includes("after"));
  await until("being online", () => held.connection.state === "online");
  expect(held.log.join()).not.toContain(fake.token);
}, 30_000);

test.each([
  ["an error of the server", { status: 502, body: "<html>Bad Gateway</html>" }],
  ["an error in JSON", new Refusal(500, "Internal Server Error")],
  ["JSON of something else", { status: 200, body: "[1,2]" }],
  ["a result that is no list", { status: 200, body: '{"ok":true,"result":{}}' }],
  ["updates without numbers", { status: 200, body: '{"ok":true,"result":[{}]}' }],
  ["an answer that breaks off", "lostAnswer"],
  ["a request to wait", new Refusal(429, "Too Many Requests: retry after 0", { retry_after: 0 })],
] as const)("%s to a poll is a disturbance that passes", async (_what, trouble) => {
  await using fake = new FakeTelegram();
  fake.trouble("getUpdates", trouble, trouble);
  fake.says("through");
  await using line = await open(fake);
  await until("a problem", () => line.connection.state === "degraded" && line.connection.problem);
  await until("the message", () => line.texts.includes("through") && line.connection.state === "online");
  expect(line.texts).toEqual(["through"]);
});

test("a token that is taken back while polling makes it offline", async () => {
  await using fake = new FakeTelegram();
  fake.trouble("getUpdates", new Refusal(401, "Unauthorized"), new Refusal(401, "Unauthorized"));
  await using line = await open(fake);
  await until("being offline", () => line.connection.problem?.includes("does not know this token"));
  expect(line.connection.state).toBe("offline");
  for (let i = 0; i < 20; i++) await line.connection.probe?.(never);
  expect(fake.callsOf("getUpdates")).toHaveLength(1);
});

test.each([
  ["a broken server", { status: 502, body: "<html>" }, 10],
  ["a server that asks for a minute's pause", new Refusal(429, "Too Many Requests", { retry_after: 60 }), 1],
] as const)("%s is not asked again and again", async (_what, trouble, most) => {
  await using fake = new FakeTelegram();
  fake.trouble("getUpdates", ...Array.from({ length: 1_000 }, () => trouble));
  await using line = await open(fake);
  await until("the problem", () => line.connection.state === "degraded");
  for (let i = 0; i < 50; i++) await line.connection.probe?.(never);
  expect(fake.callsOf("getUpdates").length).toBeLessThanOrEqual(most);
});

test("who cannot be reached is named without the address, which holds the token", async () => {
  const fake = new FakeTelegram();
  await fake[Symbol.asyncDispose]();
  await using line = await open(fake);
  const error: unknown = await line.connection.probe?.(never).catch((reason: unknown) => reason);
  expect(error).toHaveProperty("message", "Telegram cannot be reached: ECONNREFUSED.");
  expect(Bun.inspect(error, { depth: 9 })).not.toContain(fake.token);
});

test("a backlog comes in once each and in its order, however often the line breaks", async () => {
  await using fake = new FakeTelegram();
  const perChat = 60;
  for (let i = 0; i < perChat; i++) for (let chat = 1; chat <= 10; chat++) fake.says(String(i), inChat(chat));
  fake.trouble(
    "getUpdates",
    "lostAnswer",
    "reset",
    new Refusal(409, "Conflict: terminated by other getUpdates request"),
  );
  const failing = new Set([7, 130, 333]);
  let calls = 0;
  const taken = new Map<string, string[]>();
  await using line = await open(fake, {
    receive: async (update) => {
      if (failing.has(++calls)) throw new Error("not now");
      const chat = update.from.chat;
      taken.set(chat, [...(taken.get(chat) ?? []), "text" in update ? update.text : ""]);
    },
  });
  await until("all acknowledged", () => fake.updates.waiting.length === 0, 20_000);
  expect(line.connection.state).toBeString();
  const inOrder = Array.from({ length: perChat }, (_, i) => String(i));
  expect([...taken.values()]).toEqual(Array.from({ length: 10 }, () => inOrder));
}, 30_000);

test("a pressed button stops looking busy once the press was taken", async () => {
  await using fake = new FakeTelegram();
  const from = { id: 42, is_bot: false, first_name: "Ada" };
  const message = { message_id: 7, date: 0, chat: { id: 42, type: "private", first_name: "Ada" } };
  const kept = Promise.withResolvers<void>();
  fake.updates.addRaw({ callback_query: { id: "q1", from, message, data: "yes", chat_instance: "c" } });
  await using line = await open(fake, { receive: () => kept.promise });
  await until("the press", () => line.received.length === 1);
  expect(fake.callsOf("answerCallbackQuery")).toEqual([]);
  kept.resolve();
  await until("the answer", () => fake.callsOf("answerCallbackQuery").length === 1);
  expect(fake.callsOf("answerCallbackQuery")[0]?.fields).toEqual({ callback_query_id: "q1" });
});

test("files are read within their bound", async () => {
  await using fake = new FakeTelegram();
  fake.file("good", Buffer.from("hello file"));
  fake.file("lies", Buffer.alloc(5_000, 1), { size: 10 });
  fake.file("outside", Buffer.from("x"), { path: "../secret" });
  fake.file("moved", Buffer.from(`to ${fake.url}/file/bot${fake.token}/files/good.bin`));
  for (const [id, size] of [
    ["good", 10],
    ["lies", 10],
    ["huge", 30_000_000],
    ["outside", 1],
    ["nothing", 1],
    ["moved", 1],
  ] as const) {
    fake.says(id, { ...document(id, size), text: undefined, caption: id });
  }
  await using line = await open(fake);
  await until("all", () => line.received.length === 6);
  const read = async (name: string, most: number) => {
    const update = line.received.find((one) => "text" in one && one.text === name);
    if (update?.type !== "message") throw new Error(`${name} did not come`);
    const bytes = await update.attachments[0]?.fetch(most, never).catch((error: Error) => error.message);
    return typeof bytes === "string" ? bytes : Buffer.from(bytes ?? []).toString();
  };
  expect(await read("good", 10)).toBe("hello file");
  expect(await read("good", 9)).toBe("The file is larger than 9 bytes.");
  expect(await read("lies", 4_999)).toBe("The file is larger than 4999 bytes.");
  expect(await read("huge", 1e9)).toBe("The file is larger than 20971520 bytes.");
  expect(await read("outside", 100)).toMatch(/path that is none/);
  expect(await read("nothing", 100)).toMatch(/invalid file_id/);
  expect(await read("moved", 100)).toMatch(/points elsewhere/);
});

test.each([
  ["no number in front", "AAAA"],
  ["more than a token", "1:AA/../../x"],
  ["a space", "1:A A"],
])("a token with %s is refused at once, and not repeated", async (_what, token) => {
  await using fake = new FakeTelegram();
  const opening = openChannelLine(telegram, telegramSettings(fake, { token: new Secret(token) }));
  const problem = await opening.then(
    () => "opened",
    (error: Error) => error.message,
  );
  expect(problem).toMatch(/^The token is none of Telegram's/);
  expect(problem).not.toContain(token);
});

test("a token with a line break behind it, as files have, works", async () => {
  await using fake = new FakeTelegram();
  const token = new Secret(`${fake.token}\n`);
  await using line = await openChannelLine(telegram, telegramSettings(fake, { token, apiRoot: `${fake.url}/` }));
  await until("being online", () => line.connection.state === "online");
  expect(await line.connection.probe?.(never)).toEqual({ name: "@molty_bot", id: String(me.id) });
});

test("closing does not wait for a poll, but for what is being put on disk", async () => {
  await using fake = new FakeTelegram();
  const kept = Promise.withResolvers<void>();
  const line = await open(fake, { receive: () => kept.promise });
  const id = fake.says("on its way");
  await until("the message", () => line.received.length === 1);
  const closing = line[Symbol.asyncDispose]();
  kept.resolve();
  await closing;
  expect(JSON.parse(line.notes.get("offset") ?? "{}")).toMatchObject({ next: id + 1 });
});

test("where many come, not each is noted, and what was taken last is when it closes", async () => {
  await using fake = new FakeTelegram();
  const line = await open(fake);
  const ids: number[] = [];
  for (let i = 0; i < 10; i++) {
    ids.push(fake.says(`number ${i}`));
    await until("it is acknowledged", () => fake.updates.waiting.length === 0);
  }
  expect(JSON.parse(line.notes.get("offset") ?? "{}")).not.toMatchObject({ next: (ids.at(-1) ?? 0) + 1 });
  await line[Symbol.asyncDispose]();
  expect(JSON.parse(line.notes.get("offset") ?? "{}")).toMatchObject({ next: (ids.at(-1) ?? 0) + 1 });
});
