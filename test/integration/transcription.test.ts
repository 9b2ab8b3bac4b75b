import { describe, expect, test } from "bun:test";
import { Secret, silentLog } from "#base";
import type { Attachment } from "#channels";
import type { ModelsSettings } from "#providers";
import type { AudioSettings } from "#tools";
import { createHearing } from "../../src/hearing.ts";
import { FakeLine, group } from "../support/fake-line.ts";
import { type FakeTranscriber, startFakeTranscriber } from "../support/fake-transcriber.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { until } from "../support/until.ts";
import { key, lastText, Walk, type WalkOptions } from "../support/walk.ts";

const ann = { allowFrom: ["1"], groupAllowFrom: ["1"] };
const ogg = new Uint8Array([0x4f, 0x67, 0x67, 0x53, 1, 2, 3]);
const hash = new Bun.CryptoHasher("sha256").update(ogg).digest("hex");
const told = `[attached: voice; audio/ogg, 7 bytes, blob ${hash}]`;
const mark = "[What is said in it, written down by a machine:]";
const notHeard = "[attached: no transcript; the recording could not be written down]";

function voice(more: Partial<Attachment> = {}): Attachment {
  return { id: "v", kind: "voice", fetch: async () => ogg, ...more };
}

function hearing(
  server: Pick<FakeTranscriber, "url">,
  more: Partial<AudioSettings> = {},
): NonNullable<WalkOptions["hearing"]> {
  const api = "openai-completions" as const;
  const provider = { api, baseUrl: server.url, headers: {}, timeoutSeconds: 5, models: [] };
  const models: ModelsSettings = {
    providers: {
      whisper: { ...provider, apiKey: new Secret("sk-CANARY") },
      other: { ...provider, api: "anthropic-messages" as const },
      spare: provider,
    },
  };
  const audio = { enabled: true, model: "whisper/large", models: [], maxBytes: 1_000_000, timeoutSeconds: 20, ...more };
  return createHearing({ settings: () => audio, models: () => models, log: silentLog });
}

const inGroup = (chat: string) => ({
  place: group,
  from: { channel: "pigeon", account: "default", chat },
  isToUs: false,
});

async function received(walk: Walk): Promise<string[]> {
  return (await walk.log(key)).flatMap((event) => (event.kind === "MessageReceived" ? [event.text] : []));
}

const waiting = (walk: Walk) => walk.storage.records({ kind: "inbound-waiting", limit: 10 });

describe("a voice note", () => {
  test("is written down by the model that is set, and its words are the message; what was sent is kept", async () => {
    using folder = tempFolder();
    await using server = startFakeTranscriber(() => " Buy milk, please. ");
    const line = new FakeLine(ann);
    await using walk = new Walk({
      folder: folder.path,
      channels: [line],
      hearing: hearing(server, { language: "en" }),
    });
    await walk.inbound.take(line.message("", { attachments: [voice()] }), line);
    await walk.wasAsked(1);
    expect(lastText(walk.asked[0])).toBe(`${told}\n${mark}\nBuy milk, please.`);
    expect(server.heard).toEqual([
      {
        name: "recording.ogg",
        type: "audio/ogg",
        bytes: ogg,
        model: "large",
        language: "en",
        authorization: "Bearer sk-CANARY",
      },
    ]);
    expect((await walk.storage.blob(hash))?.bytes).toEqual(ogg);
  });

  test.each([
    ["no model is set", { model: undefined }],
    ["it is switched off", { enabled: false }],
    ["it is too large", { maxBytes: 6 }],
  ])("is not written down when %s", async (_why, settings) => {
    using folder = tempFolder();
    await using server = startFakeTranscriber(() => "words");
    const line = new FakeLine(ann);
    const { model, ...rest } = { model: "whisper/large", ...settings };
    const listener = hearing(server, { ...rest, ...(model === undefined ? { models: [] } : { model }) });
    const silent = model === undefined ? () => undefined : listener;
    await using walk = new Walk({ folder: folder.path, channels: [line], hearing: silent });
    await walk.inbound.take(line.message("hear", { attachments: [voice()] }), line);
    await walk.wasAsked(1);
    expect(lastText(walk.asked[0])).toBe(`hear\n${told}`);
    expect(server.heard).toEqual([]);
  });

  test("that is none is not sent to anybody", async () => {
    using folder = tempFolder();
    await using server = startFakeTranscriber(() => "words");
    const line = new FakeLine(ann);
    await using walk = new Walk({ folder: folder.path, channels: [line], hearing: hearing(server) });
    const text = voice({ mimeType: "audio/ogg", fetch: async () => Buffer.from("no sound") });
    const picture = voice({ kind: "image" });
    await walk.inbound.take(line.message("", { attachments: [text, picture] }), line);
    await walk.wasAsked(1);
    expect(server.heard).toEqual([]);
  });

  test.each([
    ["a refusal", () => ({ status: 400, body: '{"error":{"message":"no"}}' })],
    ["nonsense", () => ({ status: 200, body: "<html>" })],
    ["an error in place of words", () => ({ status: 200, body: '{"error":{"message":"no"}}' })],
    ["no answer in time", () => new Promise<string>(() => {})],
  ])("that is answered with %s is said to have no transcript, and the message is answered", async (_what, answer) => {
    using folder = tempFolder();
    await using server = startFakeTranscriber(answer);
    const line = new FakeLine(ann);
    await using walk = new Walk({
      folder: folder.path,
      channels: [line],
      hearing: hearing(server, { timeoutSeconds: 0.2 }),
    });
    await walk.inbound.take(line.message("listen", { attachments: [voice()] }), line);
    await until("the answer", () => line.got.length > 0);
    expect(lastText(walk.asked[0])).toBe(`listen\n${told}\n${notHeard}`);
    expect(line.texts.join("")).not.toContain(notHeard);
    const log = walk.logged.map((entry) => JSON.stringify(entry));
    expect(log.filter((entry) => entry.includes("not written down") && entry.includes('"problem"'))).toHaveLength(1);
    expect(log.join("\n")).not.toContain("CANARY");
  });

  test("is sent again when the server was too busy, and to the next model when one cannot", async () => {
    using folder = tempFolder();
    await using server = startFakeTranscriber(({ model }, nth) => {
      if (model === "large") return { status: 404 };
      return nth === 2 ? { status: 429, headers: { "retry-after": "0" } } : "at last";
    });
    const line = new FakeLine(ann);
    const models = ["other/claude", "nobody/x", "spare/small"];
    await using walk = new Walk({ folder: folder.path, channels: [line], hearing: hearing(server, { models }) });
    await walk.inbound.take(line.message("", { attachments: [voice()] }), line);
    await walk.wasAsked(1);
    expect(lastText(walk.asked[0])).toBe(`${told}\n${mark}\nat last`);
    expect(server.heard.map(({ model }) => model)).toEqual(["large", "small", "small"]);
    expect(server.heard[1]?.authorization).toBeNull();
  });

  test("is written down while few others are", async () => {
    using folder = tempFolder();
    const gate = Promise.withResolvers<void>();
    await using server = startFakeTranscriber(async ({ bytes }) => {
      await gate.promise;
      return `note ${bytes[4]}`;
    });
    const lines = Array.from({ length: 6 }, (_, n) => new FakeLine(ann, { account: `a${n}` }));
    await using walk = new Walk({ folder: folder.path, channels: lines, hearing: hearing(server) });
    for (const [n, line] of lines.entries()) {
      const note = voice({ fetch: async () => new Uint8Array([...ogg.subarray(0, 4), n]) });
      await walk.inbound.take(line.message(`m${n}`, { attachments: [note] }), line);
    }
    await until("two to be heard", () => server.open === 2);
    await until("all to be read", async () => (await waiting(walk)).every(({ data }) => data.includes('"unheard":[{')));
    await Bun.sleep(100); // as long as others that are not kept waiting would take
    gate.resolve();
    await until("all", async () => (await received(walk)).length === 6);
    expect(server.heard).toHaveLength(6);
    expect(server.mostOpen).toBe(2);
  });
});

describe("a recording is written down once", () => {
  test("when its message comes again while it is listened to, and after it was answered", async () => {
    using folder = tempFolder();
    const gate = Promise.withResolvers<string>();
    await using server = startFakeTranscriber(() => gate.promise);
    const line = new FakeLine(ann);
    await using walk = new Walk({ folder: folder.path, channels: [line], hearing: hearing(server) });
    const update = line.message("", { attachments: [voice()] });
    for (let n = 0; n < 5; n++) await walk.inbound.take(update, line);
    await until("the recording", () => server.heard.length > 0);
    gate.resolve("words");
    await until("the answer", () => line.got.length > 0);
    await until("nothing to wait", async () => (await waiting(walk)).length === 0);
    await walk.inbound.take(update, line);
    expect(await received(walk)).toEqual([`${told}\n${mark}\nwords`]);
    expect(server.heard).toHaveLength(1);
  });

  test("when the gateway ends before its turn", async () => {
    using folder = tempFolder();
    await using server = startFakeTranscriber((_heard, nth) => `words ${nth}`);
    const line = new FakeLine(ann);
    const options = { folder: folder.path, channels: [line], hearing: hearing(server) };
    {
      await using walk = new Walk(options);
      walk.freeze(); // no turn begins any more; what waits is still written
      await walk.inbound.take(line.message("", { attachments: [voice()] }), line);
      await until("the words on disk", async () => (await waiting(walk))[0]?.data.includes("words 1"));
    }
    await using walk = new Walk(options);
    await walk.inbound.recover();
    await until("the answer", () => line.got.length > 0);
    expect(await received(walk)).toEqual([`${told}\n${mark}\nwords 1`]);
    expect(server.heard).toHaveLength(1);
  });

  test("and when the gateway ends while it is listened to, the next start asks anew: nothing is fetched twice, nothing is lost", async () => {
    using folder = tempFolder();
    await using server = startFakeTranscriber((_heard, nth) => (nth === 1 ? new Promise<string>(() => {}) : "words"));
    const line = new FakeLine(ann);
    const options = { folder: folder.path, channels: [line], hearing: hearing(server) };
    let fetched = 0;
    const note = voice({
      fetch: async () => {
        fetched++;
        return ogg;
      },
    });
    {
      await using walk = new Walk(options);
      await walk.inbound.take(line.message("hear", { attachments: [note] }), line);
      await until("the recording", () => server.heard.length === 1);
      expect(await received(walk)).toEqual([]);
    }
    await using walk = new Walk(options);
    await walk.inbound.recover();
    await until("the answer", () => line.got.length > 0);
    expect(await received(walk)).toEqual([`hear\n${told}\n${mark}\nwords`]);
    expect(fetched).toBe(1);
  });

  test("a file that was being fetched when the gateway ended is said to be unread", async () => {
    using folder = tempFolder();
    const line = new FakeLine(ann);
    const never = voice({
      fetch: (_most, signal) =>
        new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("cut")))),
    });
    {
      await using walk = new Walk({ folder: folder.path, channels: [line] });
      await walk.inbound.take(line.message("hear", { attachments: [never] }), line);
    }
    await using walk = new Walk({ folder: folder.path, channels: [line] });
    await walk.inbound.recover();
    await until("the answer", () => line.got.length > 0);
    expect(await received(walk)).toEqual(["hear\n[attached: voice; not read: the gateway stopped before]"]);
  });
});

test("SEC-69: nothing is fetched or written down for strangers, nor in a group where nobody called us", async () => {
  using folder = tempFolder();
  await using server = startFakeTranscriber(() => "words");
  const line = new FakeLine({
    ...ann,
    dmPolicy: "allowlist",
    groups: { open: { requireMention: false } },
    groupPolicy: "allowlist",
  });
  await using walk = new Walk({ folder: folder.path, channels: [line], hearing: hearing(server) });
  let fetched = 0;
  const note = voice({
    fetch: async () => {
      fetched++;
      return ogg;
    },
  });
  const stranger = { sender: { id: "9", isBot: false } };
  for (let n = 0; n < 20; n++) await walk.inbound.take(line.message("", { attachments: [note], ...stranger }), line);
  await walk.inbound.take(line.message("", { attachments: [note], ...inGroup("busy") }), line);
  await walk.inbound.take(line.message("", { attachments: [note], ...inGroup("open"), ...stranger }), line);
  expect([fetched, server.heard.length]).toEqual([0, 0]);
  await walk.inbound.take(line.message("", { attachments: [note], ...inGroup("open") }), line);
  await walk.wasAsked(1);
  expect([fetched, server.heard.length]).toEqual([1, 1]);
  expect(lastText(walk.asked[0])).toEndWith(`${mark}\nwords`);
});
