import type { OutboundFile, OutboundMessage } from "#channels";
import { describe, expect, test } from "bun:test";
import { telegram } from "../../../src/channels/telegram.ts";
import { openChannelLine } from "../../support/channel-line.ts";
import { FakeTelegram, Refusal } from "../../support/fake-telegram.ts";
import { telegramSettings } from "../../support/telegram-platform.ts";
import { until } from "../../support/until.ts";

const never = new AbortController().signal;
const supergroup = -1_001_234_567_890;

interface House extends AsyncDisposable {
  readonly fake: FakeTelegram;
  readonly line: Awaited<ReturnType<typeof openChannelLine>>;
  send(message: Partial<OutboundMessage> & { readonly chat?: string; readonly thread?: string }): Promise<string>;
}

/** An account beside a Telegram with a direct chat, a forum and chats that are closed. */
async function openHouse(): Promise<House> {
  const fake = new FakeTelegram();
  fake.put({ chat: { id: supergroup, type: "supergroup", title: "Engines", is_forum: true }, threads: [3] });
  const blocked = { code: 403, description: "Forbidden: bot was blocked by the user" };
  fake.put({ chat: { id: 44, type: "private", first_name: "Eve" }, closed: blocked });
  const line = await openChannelLine(telegram, telegramSettings(fake));
  return {
    fake,
    line,
    send: async ({ chat = "42", thread, ...message }) => {
      const to = { channel: "telegram", account: "main", chat, ...(thread === undefined ? {} : { thread }) };
      const sent = await line.connection.send({ to, text: "", clientKey: "k", ...message }, never);
      return "refused" in sent ? `${sent.refused}: ${sent.problem}` : sent.messageId;
    },
    [Symbol.asyncDispose]: async () => {
      await line[Symbol.asyncDispose]();
      await fake[Symbol.asyncDispose]();
    },
  };
}

function file(name: string, mimeType: string, bytes = 10): OutboundFile {
  return { name, mimeType, bytes: Buffer.alloc(bytes, "x") };
}

test("an answer goes into its topic, below what it answers", async () => {
  await using house = await openHouse();
  const id = await house.send({ chat: String(supergroup), thread: "3", text: "here", replyTo: "55" });
  expect(house.fake.chats.shown).toEqual([{ id: Number(id), chat: supergroup, thread: 3, text: "here", replyTo: 55 }]);
  expect(house.fake.callsOf("sendMessage")[0]?.fields["reply_parameters"]).toMatchObject({
    allow_sending_without_reply: true,
  });
});

test("the general topic of a forum is written to without a number", async () => {
  await using house = await openHouse();
  await house.send({ chat: String(supergroup), thread: "1", text: "here" });
  expect(house.fake.chats.shown).toMatchObject([{ chat: supergroup, text: "here" }]);
  expect(house.fake.chats.shown[0]).not.toHaveProperty("thread");
});

test("marks that Telegram cannot read are left out", async () => {
  await using house = await openHouse();
  house.fake.trouble("sendMessage", new Refusal(400, "Bad Request: can't parse entities: unsupported"));
  const id = await house.send({ text: "some **bold** words" });
  expect(house.fake.chats.get(42, id)?.text).toBe("some bold words");
  expect(house.fake.chats.get(42, id)).not.toHaveProperty("entities");
  expect(house.fake.callsOf("sendMessage")).toHaveLength(2);
});

test("marks below a picture that Telegram cannot read are left out", async () => {
  await using house = await openHouse();
  house.fake.trouble("sendPhoto", new Refusal(400, "Bad Request: can't parse entities: unsupported"));
  const id = await house.send({ text: "**bold**", files: [file("a.png", "image/png")] });
  expect(house.fake.chats.get(42, id)).toMatchObject({ text: "bold", files: [{ as: "photo" }] });
  expect(house.fake.chats.get(42, id)).not.toHaveProperty("entities");
});

test("a message of ours is changed without marks that Telegram cannot read", async () => {
  await using house = await openHouse();
  const messageId = await house.send({ text: "before" });
  house.fake.trouble("editMessageText", new Refusal(400, "Bad Request: can't parse entities: unsupported"));
  const posted = { to: { channel: "telegram", chat: "42" }, messageId };
  expect(await house.line.connection.edit?.(posted, "**after**", never)).toBeUndefined();
  expect(house.fake.chats.get(42, messageId)).toMatchObject({ text: "after", entities: [] });
});

test("markdown is shown as Telegram shows it", async () => {
  await using house = await openHouse();
  const id = await house.send({ text: "see **this** [place](https://example.com/)\n\n```ts\nlet a;\n```" });
  const shown = house.fake.chats.get(42, id);
  const marked = shown?.entities?.map((one) => [one.type, shown.text?.slice(one.offset, one.offset + one.length)]);
  expect(marked).toEqual([
    ["bold", "this"],
    ["text_link", "place"],
    ["pre", "let a;"],
  ]);
});

describe("buttons", () => {
  test("stand below the text, and come back with their data", async () => {
    await using house = await openHouse();
    const buttons = [[{ label: "Yes", data: "approve:1" }], [{ label: "No", data: "deny:1" }]];
    const id = await house.send({ text: "May I?", buttons });
    expect(house.fake.chats.get(42, id)?.buttons).toEqual([
      [{ text: "Yes", callback_data: "approve:1" }],
      [{ text: "No", callback_data: "deny:1" }],
    ]);
  });

  test("with too much data are refused before anything is sent", async () => {
    await using house = await openHouse();
    const fits = "é".repeat(32);
    expect(await house.send({ text: "ok", buttons: [[{ label: "a", data: fits }]] })).toMatch(/^\d+$/);
    const calls = house.fake.callsOf("sendMessage").length;
    expect(await house.send({ text: "no", buttons: [[{ label: "a", data: `${fits}x` }]] })).toBe(
      "forGood: Telegram takes at most 64 bytes as a button's data.",
    );
    expect(house.fake.callsOf("sendMessage")).toHaveLength(calls);
  });

  test("go when the text changes", async () => {
    await using house = await openHouse();
    const id = await house.send({ text: "May I?", buttons: [[{ label: "Yes", data: "y" }]] });
    const posted = { to: { channel: "telegram", chat: "42" }, messageId: id };
    await house.line.connection.edit?.(posted, "Allowed.", never);
    expect(house.fake.chats.get(42, id)).toEqual({ id: Number(id), chat: 42, text: "Allowed.", entities: [] });
  });
});

describe("files", () => {
  test.each([
    ["a picture", file("a.png", "image/png"), "photo"],
    ["a picture that is too large for one", file("a.png", "image/png", 10 * 1024 * 1024 + 1), "document"],
    ["a picture that Telegram dislikes", file("panorama.png", "image/png"), "document"],
    ["a voice message that nobody wants", file("unwanted.ogg", "audio/ogg"), "document"],
    ["a voice message", file("a.ogg", "audio/ogg; codecs=opus"), "voice"],
    ["music", file("a.mp3", "audio/mpeg"), "audio"],
    ["a video", file("a.mp4", "video/mp4"), "video"],
    ["anything else", file("a.csv", "text/csv"), "document"],
  ])("%s", async (_what, one, as) => {
    await using house = await openHouse();
    const id = await house.send({ text: "look", files: [one] });
    const shown = house.fake.chats.get(42, id);
    expect(shown?.text).toBe("look");
    expect(shown?.files?.map((sent) => [sent.as, sent.name, sent.bytes.byteLength])).toEqual([
      [as, one.name, one.bytes.byteLength],
    ]);
    expect(house.fake.chats.shown).toHaveLength(1);
  });

  test("a name cannot break out of its header", async () => {
    await using house = await openHouse();
    const id = await house.send({ files: [file('a"; name="chat_id"\r\n\r\n43/../é.txt', "text/plain")] });
    expect(house.fake.chats.get(42, id)?.files?.map(({ name }) => name)).toEqual(["a__ name=_chat_id_____43_.._é.txt"]);
  });

  test("several are an album, of one kind", async () => {
    await using house = await openHouse();
    const pictures = [file("a.png", "image/png"), file("b.mp4", "video/mp4")];
    await house.send({ text: "two", files: pictures, clientKey: "1" });
    await house.send({ files: [...pictures, file("c.csv", "text/csv")], clientKey: "2" });
    const shown = house.fake.chats.shown.map(({ files, text }) => [files?.[0]?.as, text]);
    expect(shown).toEqual([
      ["photo", "two"],
      ["video", undefined],
      ["document", undefined],
      ["document", undefined],
      ["document", undefined],
    ]);
    expect(new Set(house.fake.chats.shown.map(({ group }) => group)).size).toBe(2);
  });

  test("with more text than fits below them come after it; a later try sends what is missing alone", async () => {
    await using house = await openHouse();
    house.fake.trouble("sendDocument", new Refusal(429, "Too Many Requests: retry after 3", { retry_after: 3 }));
    const message = { text: "x".repeat(1_025), files: [file("a.csv", "text/csv")] };
    expect(await house.send(message)).toMatch(/^forNow/);
    const id = await house.send(message);
    expect(house.fake.chats.shown.map(({ files, text }) => [text?.length, files?.length])).toEqual([
      [1_025, undefined],
      [undefined, 1],
    ]);
    expect(id).toBe(String(house.fake.chats.shown[0]?.id));
  });

  test("eleven of them are two requests", async () => {
    await using house = await openHouse();
    await house.send({ text: "all", files: Array.from({ length: 11 }, (_, i) => file(`${i}.csv`, "text/csv")) });
    expect(house.fake.chats.shown.flatMap(({ files }) => files?.map(({ name }) => name) ?? [])).toEqual(
      Array.from({ length: 11 }, (_, i) => `${i}.csv`),
    );
  });

  test("a text below a file is changed there", async () => {
    await using house = await openHouse();
    const id = await house.send({ text: "one", files: [file("a.png", "image/png")] });
    const posted = { to: { channel: "telegram", chat: "42" }, messageId: id };
    expect(await house.line.connection.edit?.(posted, "two", never)).toBeUndefined();
    expect(house.fake.chats.get(42, id)).toMatchObject({ text: "two", files: [{ as: "photo" }] });
  });
});

describe("refusals", () => {
  test.each([
    ["somebody who blocked us", { chat: "44", text: "x" }, /^forGood: .*blocked by the user/],
    ["a chat of nobody", { chat: "nobody", text: "x" }, /^forGood: .*chat not found/],
    ["a topic that is gone", { chat: String(supergroup), thread: "9", text: "x" }, /^forGood: .*thread not found/],
    ["nothing", { text: " \n" }, /^forGood: There is nothing to send/],
    ["too much", { text: "x".repeat(4_097) }, /^forGood: .*too long/],
  ])("%s", async (_what, message, expected) => {
    await using house = await openHouse();
    expect(await house.send(message)).toMatch(expected);
    expect(house.fake.chats.shown).toEqual([]);
  });

  test("a wrong token refuses for now: the next one may be right", async () => {
    await using house = await openHouse();
    house.fake.trouble("sendMessage", new Refusal(401, "Unauthorized"));
    expect(await house.send({ text: "x" })).toMatch(/^forNow: Telegram does not know this token/);
  });

  test.each([
    ["a server that broke", { status: 502, body: "<html>" }],
    ["an error in JSON", new Refusal(500, "Internal Server Error")],
    ["a message without an id", { status: 200, body: '{"ok":true,"result":{}}' }],
    ["a request that was cut off", "reset"],
  ] as const)("%s leaves it in doubt, and tells no address", async (_what, trouble) => {
    await using house = await openHouse();
    house.fake.trouble("sendMessage", trouble);
    const error = await house.send({ text: "x" }).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(Error);
    expect(Bun.inspect(error)).not.toContain(house.fake.token);
    expect(house.line.log.join()).not.toContain(house.fake.token);
  });

  test("a send that is called off ends at once", async () => {
    await using house = await openHouse();
    house.fake.trouble("sendMessage", "hang");
    const stop = new AbortController();
    const message = { to: { channel: "telegram", chat: "42" }, text: "x", clientKey: "k" };
    const sending = house.line.connection.send(message, stop.signal).catch((error: Error) => error);
    stop.abort();
    expect(await sending).toBeInstanceOf(Error);
  });
});

test("a group that became a supergroup is followed, and found at once from then on, also after a restart", async () => {
  await using house = await openHouse();
  house.fake.put({ chat: { id: -55, type: "group", title: "Old" }, movedTo: supergroup });
  const id = await house.send({ chat: "-55", text: "hello" });
  expect(house.fake.chats.shown).toMatchObject([{ id: Number(id), chat: supergroup, text: "hello" }]);
  await house.send({ chat: "-55", text: "again", clientKey: "2" });
  expect(house.fake.callsOf("sendMessage")).toHaveLength(3);
  await using line = await openChannelLine(telegram, telegramSettings(house.fake), { notes: house.line.notes });
  await line.connection.typing?.({ channel: "telegram", chat: "-55" }, never);
  expect(house.fake.chats.actions).toMatchObject([{ chat: supergroup }]);
  expect(house.fake.callsOf("sendChatAction")).toHaveLength(1);
});

test("a group that says that it became a supergroup is found there at once", async () => {
  await using house = await openHouse();
  house.fake.put({ chat: { id: -55, type: "group", title: "Old" }, movedTo: supergroup });
  house.fake.says("", {
    chat: { id: -55, type: "group", title: "Old" },
    text: undefined,
    migrate_to_chat_id: supergroup,
  });
  await until("the acknowledgement", () => house.fake.updates.waiting.length === 0);
  expect(house.line.received).toEqual([]);
  await house.send({ chat: "-55", text: "hello" });
  expect(house.fake.callsOf("sendMessage")).toHaveLength(1);
  expect(house.fake.chats.shown).toMatchObject([{ chat: supergroup, text: "hello" }]);
});

test("drafts are for direct chats, one number for one name", async () => {
  await using house = await openHouse();
  const { connection } = house.line;
  const direct = { channel: "telegram", chat: "42" };
  await connection.draft?.(direct, "d1", "gro", never);
  await connection.draft?.(direct, "d1", "growing", never);
  await connection.draft?.(direct, "d2", "other", never);
  const [first, second, third] = house.fake.chats.drafts;
  expect(second).toEqual({ chat: 42, id: first?.id ?? 0, text: "growing" });
  expect(third?.id).not.toBe(first?.id);
  expect(await connection.draft?.({ ...direct, chat: String(supergroup) }, "d3", "x", never)).toMatchObject({
    refused: "forGood",
  });
});

test("a reaction is given as Telegram writes it, and what is none is refused here", async () => {
  await using house = await openHouse();
  const posted = { to: { channel: "telegram", chat: "42" }, messageId: "7" };
  expect(await house.line.connection.react?.(posted, { emoji: "❤️", isAdded: true }, never)).toBeUndefined();
  expect(house.fake.chats.reactions.get("42/7")).toEqual([{ type: "emoji", emoji: "❤" }]);
  expect(await house.line.connection.react?.(posted, { emoji: "fine", isAdded: true }, never)).toMatchObject({
    refused: "forGood",
  });
});
