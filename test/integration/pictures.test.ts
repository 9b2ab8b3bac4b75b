import { describe, expect, test } from "bun:test";
import type { PrepareTurn } from "#agent";
import type { MessageFile } from "#protocol";
import { type FakeModel, type Script, startFakeModel } from "../support/fake-model.ts";
import { type Api, openProvider } from "../support/ask-provider.ts";
import { FakeTelegram } from "../support/fake-telegram.ts";
import { fakeModelConfig } from "../support/gateway-process.ts";
import { openOpenClawHouse } from "../support/openclaw-house.ts";
import { openGateway } from "../support/open-gateway.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { until } from "../support/until.ts";
import { key, noTools, Walk, type WalkOptions } from "../support/walk.ts";

const apis = ["openai-completions", "anthropic-messages"] as const;
const megabyte = 1024 * 1024;

/** A picture as far as its first bytes say; each number another one. */
function picture(n: number, bytes = 10): Uint8Array {
  const made = new Uint8Array(bytes);
  made.set([0x89, 0x50, 0x4e, 0x47, n]);
  return made;
}

const urlOf = (bytes: Uint8Array) => `data:image/png;base64,${Buffer.from(bytes).toString("base64")}`;

const urls = (...numbers: number[]) => numbers.map((n) => urlOf(picture(n)));

async function fileOf(walk: Walk, bytes: Uint8Array, mimeType = "image/png"): Promise<MessageFile> {
  return { blob: await walk.storage.putBlob({ mimeType, bytes }), mimeType, bytes: bytes.length };
}

/** What the model saw: its messages with their pictures, the text shortened to its first word. */
function seen(model: FakeModel, call = model.requests.length - 1): [string, ...string[]][] {
  return (model.requests[call]?.messages ?? [])
    .filter(({ role }) => role === "user")
    .map(({ text, images = [] }) => [text, ...images]);
}

interface Eyes {
  readonly folder: string;
  readonly model: FakeModel;
  readonly api?: Api;
  readonly takes?: readonly ("text" | "image")[];
  readonly contextWindow?: number;
  readonly tools?: WalkOptions["tools"];
}

/** The walk before a model that is reached by HTTP. */
async function walkTo({ folder, model, api = "openai-completions", takes = ["text", "image"], ...more }: Eyes) {
  const { provider } = await openProvider(api, { baseUrl: model.url });
  const { contextWindow = 100_000, tools = noTools } = more;
  const prepareTurn: PrepareTurn = async () => ({
    ready: true,
    model: { provider, providerId: "fake", id: "fake-1", contextWindow, maxTokens: 1_000, input: takes },
    tools,
    system: "",
    maxSteps: 5,
    timeoutMs: 60_000,
  });
  return new Walk({ folder, prepareTurn });
}

async function say(walk: Walk, text: string, files: readonly MessageFile[] = []) {
  const receipt = await walk.say(text, { ...(files.length > 0 && { files }), id: `id-${text}` });
  if (!receipt.taken) throw new Error(receipt.because);
  return walk.ending(receipt.runId);
}

const always: Script = () => "I see.";

describe.each(apis)("a photo that comes by Telegram, to a model behind %s", (api) => {
  test.each([
    ["is seen by one that takes pictures", 'input = ["text", "image"]', [urlOf(picture(1))]],
    ["is a line of text to one that takes text alone", 'input = ["text"]', []],
    ["is a line of text to one of which nobody said what it takes", "", []],
  ])("%s", async (_what, input, images) => {
    const bytes = picture(1);
    await using fake = new FakeTelegram();
    fake.file("p1", bytes);
    await using model = startFakeModel({ script: always });
    await using gateway = await openGateway(
      `${fakeModelConfig(model.url, api)}
      ${input}
      [channels.telegram]
      token = "${fake.token}"
      api_root = "${fake.url}"
      dm_policy = "open"
      allow_from = ["*"]`,
    );
    const photo = [{ file_id: "p1", file_unique_id: "p1", width: 9, height: 9, file_size: bytes.length }];
    fake.says("", { photo, text: undefined, caption: "look" });
    await until("the answer", () => fake.chats.shown.length === 1);
    const hash = Bun.SHA256.hash(bytes, "hex");
    expect(gateway.app.warnings.join(" ")).not.toContain("input");
    expect(seen(model)).toEqual([[`look\n[attached: image; image/png, 10 bytes, blob ${hash}]`, ...images]]);
  });
});

describe("pictures", () => {
  test("are seen with every question that follows, also after a restart, and are not kept with the session", async () => {
    using folder = tempFolder();
    await using model = startFakeModel({ script: always });
    const eyes = { folder: folder.path, model };
    const bytes = picture(1);
    {
      await using walk = await walkTo(eyes);
      await say(walk, "look", [await fileOf(walk, bytes)]);
      await say(walk, "and?");
      expect(seen(model)).toEqual([["look", urlOf(bytes)], ["and?"]]);
      const state = await walk.sessions.state(key);
      expect(JSON.stringify(state?.conversationUpTo("id-and?"))).not.toContain(Buffer.from(bytes).toString("base64"));
    }
    await using walk = await walkTo(eyes);
    await say(walk, "still?");
    expect(seen(model)).toEqual([["look", urlOf(bytes)], ["and?"], ["still?"]]);
  });

  test("are the newest four, and what comes of a tool does not change which", async () => {
    using folder = tempFolder();
    await using model = startFakeModel({
      script: ({ messages }) =>
        messages.at(-1)?.text === "more" ? { parts: [{ toolCall: { id: "c", name: "look", args: {} } }] } : "I see.",
    });
    const tools = { ...noTools, specs: [{ name: "look", description: "Looks.", params: { type: "object" } }] };
    await using walk = await walkTo({ folder: folder.path, model, tools });
    const all = [1, 2, 3, 4, 5, 6].map((n) => picture(n));
    const [first, second, third, ...rest] = await Promise.all(all.map((bytes) => fileOf(walk, bytes)));
    await say(walk, "one", first && [first]);
    await say(walk, "two", second && third && [second, third]);
    await say(walk, "more", rest);
    const expected = [["one"], ["two", ...urls(3)], ["more", ...urls(4, 5, 6)]];
    expect(seen(model, 2)).toEqual(expected as never);
    expect(seen(model, 3)).toEqual(expected as never);
    expect(model.requests).toHaveLength(4);
  });

  test("are left out when they are larger than six megabytes, and end where twelve are reached", async () => {
    using folder = tempFolder();
    await using model = startFakeModel({ script: always });
    await using walk = await walkTo({ folder: folder.path, model });
    const sizes = [5 * megabyte, 6 * megabyte, 6 * megabyte + 1, 5 * megabyte];
    const files = await Promise.all(sizes.map((size, n) => fileOf(walk, picture(n, size))));
    await say(walk, "look", files);
    const [[_text, ...images] = []] = seen(model);
    expect(images.map((url) => Buffer.from(url.split(",")[1] ?? "", "base64").length)).toEqual([
      6 * megabyte,
      5 * megabyte,
    ]);
  });

  test("are such that the APIs take, by what they are and not by what is said of them", async () => {
    using folder = tempFolder();
    await using model = startFakeModel({ script: always });
    await using walk = await walkTo({ folder: folder.path, model });
    const pdf = await fileOf(walk, new TextEncoder().encode("%PDF-1"), "application/pdf");
    const disguised = await fileOf(walk, new TextEncoder().encode("# secret"), "image/png");
    const svg = await fileOf(walk, new TextEncoder().encode("<svg/>"), "image/svg+xml");
    const right = await fileOf(walk, picture(2));
    const shrunk = { ...(await fileOf(walk, picture(3))), bytes: 4 };
    await say(walk, "look", [disguised, shrunk, svg, pdf, right]);
    expect(seen(model, 0)).toEqual([["look", urlOf(picture(2))]]);
  });

  test.each([
    ["gone", "DELETE FROM blobs WHERE hash = ?"],
    ["damaged", "UPDATE blobs SET bytes = x'89504e4700000000ffff' WHERE hash = ?"],
  ])("that are %s are the line of text that tells of them, and the question is answered", async (_what, sql) => {
    using folder = tempFolder();
    await using model = startFakeModel({ script: always });
    await using walk = await walkTo({ folder: folder.path, model });
    const [lost, kept] = [await fileOf(walk, picture(1)), await fileOf(walk, picture(2))];
    const { Database } = await import("bun:sqlite");
    using db = new Database(`${folder.path}/openclaw.db`);
    expect(db.query(sql).run(lost.blob).changes).toBe(1);
    const ending = await say(walk, "look", [lost, kept]);
    expect(ending).toMatchObject({ text: "I see.", stopReason: "stop" });
    expect(seen(model)).toEqual([["look", urlOf(picture(2))]]);
  });

  test("take their share of the model's window", async () => {
    using folder = tempFolder();
    await using model = startFakeModel({ script: always });
    await using walk = await walkTo({ folder: folder.path, model, contextWindow: 6_500 });
    await say(walk, "old", [await fileOf(walk, picture(1))]);
    await say(walk, "look", [await fileOf(walk, picture(2)), await fileOf(walk, picture(3))]);
    expect(seen(model)).toHaveLength(2);
    await say(walk, "more", [await fileOf(walk, picture(4))]);
    expect(seen(model).map(([text]) => text)).toEqual(["look", "more"]);
  });
});

describe.each(apis)("a picture that a model behind %s refuses", (api) => {
  test("does not cost its session the answers: it is asked without pictures, and the log says so", async () => {
    using folder = tempFolder();
    await using model = startFakeModel({
      script: ({ bodyText }) =>
        bodyText.includes("base64")
          ? {
              status: 400,
              headers: { "content-type": "application/json" },
              chunks: ['{"error":{"message":"bad image"}}'],
            }
          : "I see nothing.",
    });
    await using walk = await walkTo({ folder: folder.path, model, api });
    const ending = await say(walk, "look", [await fileOf(walk, picture(1))]);
    expect(ending).toMatchObject({ text: "I see nothing.", stopReason: "stop", withoutPictures: true });
    expect(model.requests).toHaveLength(2);
    expect(await say(walk, "and?")).toMatchObject({ text: "I see nothing.", withoutPictures: true });
    const events = await Array.fromAsync(walk.sessions.events(key));
    const { asked } = await walk.gateway.at(key, events.at(-1)?.seq ?? 0);
    expect(asked?.request.messages).toEqual([
      { role: "user", text: "look" },
      { role: "assistant", text: "I see nothing.", toolCalls: [] },
      { role: "user", text: "and?" },
    ]);
  });

  test("is not blamed for what else may be wrong", async () => {
    using folder = tempFolder();
    const refusal = { status: 401, headers: { "content-type": "application/json" }, chunks: ["{}"] };
    await using model = startFakeModel({ script: () => refusal });
    await using walk = await walkTo({ folder: folder.path, model, api });
    const ending = await say(walk, "look", [await fileOf(walk, picture(1))]);
    expect(ending).toMatchObject({ stopReason: "error", problem: { kind: "auth" } });
    expect(model.requests).toHaveLength(1);
  });
});

test("the past of a session tells which pictures its model saw, and which it did not", async () => {
  using folder = tempFolder();
  await using model = startFakeModel({ script: always });
  await using walk = await walkTo({ folder: folder.path, model });
  const files = await Promise.all([1, 2, 3, 4, 5].map((n) => fileOf(walk, picture(n))));
  await say(walk, "look", files);
  const events = await Array.fromAsync(walk.sessions.events(key));
  const { asked } = await walk.gateway.at(key, events.at(-1)?.seq ?? 0);
  expect(asked?.request.messages).toEqual([{ role: "user", text: "look", pictures: files.slice(1) }]);
  expect(seen(model)).toEqual([["look", ...urls(2, 3, 4, 5)]]);
});

/** One message, with that file. */
const send = (file: string) => ({
  sessionKey: "main",
  message: "",
  idempotencyKey: "k1",
  attachments: [{ fileName: "cat.png", content: file }],
});

describe("files that clients send with a message", () => {
  const takesPictures = 'input = ["text", "image"]';
  const bytes = picture(7);
  const content = Buffer.from(bytes).toString("base64");
  const told = `[attached: image cat.png; image/png, 10 bytes, blob ${Bun.SHA256.hash(bytes, "hex")}]`;

  test.each([
    ["chat.send", { sessionKey: "main" }],
    ["sessions.send", { key: "main" }],
    ["agent", { sessionKey: "main" }],
  ])("reach the model by %s of the original's client, and what is no picture is named", async (method, where) => {
    await using house = await openOpenClawHouse(always, {}, "", takesPictures);
    const note = Buffer.from("a note").toString("base64");
    const attachments = [
      { type: "image", mimeType: "image/png", fileName: "cat.png", content: `data:image/png;base64,${content}` },
      { type: "file", mimeType: "image/png", fileName: "", content: note },
    ];
    await house.client.request(method, { ...where, message: "look", idempotencyKey: "k1", attachments });
    await house.model.received(1);
    const noteTold = `[attached: file; text/plain, 6 bytes, blob ${Bun.SHA256.hash("a note", "hex")}]`;
    expect(seen(house.model)).toEqual([[`look\n${told}\n${noteTold}`, urlOf(bytes)]]);
    expect(house.client.hellos[0]).toMatchObject({ policy: { attachments: { maxImageBytes: 512 * 1024 } } });
    house.expectSchema();
  });

  test("reach it by JSON-RPC, also without words; the same message again is the same, with another file it is another", async () => {
    await using model = startFakeModel({ script: always });
    await using gateway = await openGateway(`${fakeModelConfig(model.url)}\n${takesPictures}`);
    const first = await gateway.call("chat.send", send(content));
    expect(first.body.result).toEqual({ runId: "k1", status: "started" });
    await model.received(1);
    expect(seen(model)).toEqual([[told, urlOf(bytes)]]);
    expect((await gateway.call("chat.send", send(content))).body.result).toMatchObject({ runId: "k1" });
    const other = await gateway.call("chat.send", send(Buffer.from(picture(8)).toString("base64")));
    expect(other.body.error?.message).toContain("k1");
    expect(model.requests).toHaveLength(1);
  });

  test.each([
    ["what is no base64", [{ content: "YQ==" }, { content: "data:;base64,YQ==" }], "attachments.1.content"],
    ["what is none either", [{ content: "a b=" }], "attachments.0.content"],
    ["too many of them", Array.from({ length: 11 }, () => ({ content: "YQ==" })), "attachments"],
    ["nothing", [{ content: "" }], "attachments.0.content"],
  ])("are refused with the place of the mistake: %s", async (_what, attachments, path) => {
    await using model = startFakeModel({ script: always });
    await using gateway = await openGateway(fakeModelConfig(model.url));
    const { body } = await gateway.call("chat.send", { sessionKey: "main", message: "look", attachments });
    expect(body.error?.code).toBe(-32_602);
    expect(JSON.stringify(body.error)).toContain(path);
    expect(model.requests).toEqual([]);
  });
});
