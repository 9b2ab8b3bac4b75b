import { describe, expect, test } from "bun:test";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TurnTools } from "#agent";
import type { EventOf } from "#protocol";
import type { ModelRequest } from "#providers";
import { openJail } from "#sandbox";
import type { Storage } from "#storage";
import { createToolbox, type Toolbox, tools } from "#tools";
import { silentLog } from "#base";
import { FakeLine } from "../support/fake-line.ts";
import { FakeTelegram } from "../support/fake-telegram.ts";
import { openGateway } from "../support/open-gateway.ts";
import { sandboxAtHand } from "../support/sandbox.ts";
import { calls, says } from "../support/scripted-provider.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { until } from "../support/until.ts";
import { key, over, Walk, type WalkOptions, webchat } from "../support/walk.ts";

const ann = { allowFrom: ["1"] };
const png = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 1, 2]);
const mp3 = new Uint8Array([0x49, 0x44, 0x33, 3]);

/** A walk whose agent has the real tool over a real workspace, and calls it as the message says, then answers “done”. */
class Sending implements AsyncDisposable {
  readonly walk: Walk;
  readonly #opened: AsyncDisposableStack;

  private constructor(walk: Walk, opened: AsyncDisposableStack) {
    this.walk = walk;
    this.#opened = opened;
  }

  static async open(options: WalkOptions): Promise<Sending> {
    const opened = new AsyncDisposableStack();
    const workspace = join(options.folder, "workspace");
    mkdirSync(join(workspace, "out"), { recursive: true });
    writeFileSync(join(workspace, "out", "chart.txt"), png);
    writeFileSync(join(workspace, "note.mp3"), mp3);
    writeFileSync(join(workspace, "empty"), "");
    writeFileSync(join(workspace, "large"), new Uint8Array(1_001));
    writeFileSync(join(options.folder, "secret"), "CANARY");
    const toolbox: Toolbox = createToolbox({
      tools,
      workspace: await openJail(workspace),
      sandbox: opened.use(await sandboxAtHand({ mode: "never" })).sandbox,
      settings: {
        deny: [],
        commandTimeoutSeconds: 5,
        outputCharacters: 10_000,
        nodes: { enabled: false, allow: [], ids: [] },
      },
      log: silentLog,
      files: {
        send: (runId, file) => walk.gateway.sendFile(runId, file),
        open: (runId, blob) => walk.gateway.openFile(runId, blob),
      },
    });
    const turnTools: TurnTools = {
      specs: toolbox.specs(),
      effectOf: (name) => toolbox.find(name)?.effect ?? "once",
      run: (call, signal, runId) => toolbox.run(call, signal, runId),
    };
    const walk: Walk = opened.use(new Walk({ answer: sendAsAsked, tools: turnTools, ...options }));
    return new Sending(walk, opened);
  }

  /** What came of the calls. */
  async results(): Promise<EventOf<"ToolResult">[]> {
    return (await this.walk.log(key)).filter((event) => event.kind === "ToolResult");
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#opened.disposeAsync();
  }
}

/** A message is the arguments of the call, as JSON. */
function sendAsAsked({ messages }: ModelRequest) {
  const last = messages.at(-1);
  return last?.role === "user" ? calls(["c1", "send_file", JSON.parse(last.text)]) : says("done");
}

const hang = () => new Promise<never>(() => {});
const forgetful = (storage: Storage) => over(storage, { blob: async () => undefined });
const ask = (args: object) => JSON.stringify(args);

describe("a file that the agent sends", () => {
  test("is in the chat before the answer, as what it is, with its name and its caption", async () => {
    using folder = tempFolder();
    const line = new FakeLine(ann);
    await using at = await Sending.open({ folder: folder.path, channels: [line] });
    await at.walk.inbound.take(line.message(ask({ path: "out/chart.txt", caption: "the chart" })), line);
    await until("the answer", () => line.got.length === 2);
    const [sent, answer] = line.got;
    expect(sent).toMatchObject({ to: { chat: "1" }, text: "the chart" });
    expect(sent?.files).toEqual([{ name: "chart.txt", mimeType: "image/png", bytes: png }]);
    expect([answer?.text, answer?.files]).toEqual(["done", undefined]);
    expect((await at.results())[0]).toMatchObject({
      success: true,
      result: "chart.txt (image/png, 6 bytes) is on its way to the chat.",
    });
    await until(
      "the record",
      async () => (await at.walk.log(key)).filter(({ kind }) => kind === "MessageSent").length === 2,
    );
    const posted = (await at.walk.log(key)).find(
      (event) => event.kind === "StateChanged" && event.key === "file.posted",
    );
    expect(posted).toMatchObject({ value: { name: "chart.txt", mimeType: "image/png", bytes: 6 } });
  });

  test("is a voice message when it is a recording and that is wanted", async () => {
    using folder = tempFolder();
    const line = new FakeLine(ann);
    await using at = await Sending.open({ folder: folder.path, channels: [line] });
    await at.walk.inbound.take(line.message(ask({ path: "note.mp3", asVoice: true })), line);
    await until("the answer", () => line.got.length === 2);
    expect(line.got[0]?.files).toEqual([{ name: "note.mp3", mimeType: "audio/mpeg", bytes: mp3, asVoice: true }]);
  });

  test.each([
    ["that is outside of the workspace", { path: "../secret" }, /outside|workspace/],
    ["that a link leads to", { path: "link" }, /link/],
    ["that is not there", { path: "nothing" }, /does not exist/],
    ["that is empty", { path: "empty" }, /^The file is empty\.$/],
    ["that is too large for the platform", { path: "large" }, /^Pigeon takes files of at most 1000 bytes\.$/],
    [
      "that is no recording, as a voice message",
      { path: "out/chart.txt", asVoice: true },
      /no recording \(image\/png\)/,
    ],
  ])("%s is refused in a sentence, and nothing is sent", async (_what, args, sentence) => {
    using folder = tempFolder();
    const line = new FakeLine(ann);
    await using at = await Sending.open({ folder: folder.path, channels: [line] });
    symlinkSync("../secret", join(folder.path, "workspace", "link"));
    await at.walk.inbound.take(line.message(ask(args)), line);
    await until("the answer", () => line.got.length > 0);
    expect(line.got.map(({ text, files }) => [text, files])).toEqual([["done", undefined]]);
    const [result] = await at.results();
    expect(result).toMatchObject({ success: false, result: expect.stringMatching(sentence) });
    expect(JSON.stringify(await at.walk.log(key))).not.toContain("CANARY");
  });

  test("to a conversation whose people follow the log is refused in a sentence", async () => {
    using folder = tempFolder();
    await using at = await Sending.open({ folder: folder.path, channels: [webchat] });
    await at.walk.say(ask({ path: "out/chart.txt" }));
    expect(await at.walk.ending("m1")).toMatchObject({ text: "done" });
    expect((await at.results())[0]).toMatchObject({
      success: false,
      result: expect.stringContaining("takes no files: say where the file lies instead."),
    });
    expect(await at.walk.storage.outbox({ limit: 1 })).toEqual([]);
  });

  test("by a turn that is over goes nowhere", async () => {
    using folder = tempFolder();
    const line = new FakeLine(ann);
    await using at = await Sending.open({ folder: folder.path, channels: [line] });
    const receipt = await at.walk.gateway.sendFile("nobody", { name: "a", bytes: png });
    expect(receipt).toEqual({ taken: false, because: "This turn is over." });
  });
});

describe("a file on its way", () => {
  test("is delivered after the gateway ended before that, once, and when the workspace has another by then", async () => {
    using folder = tempFolder();
    const away = new FakeLine(ann);
    const options = { folder: folder.path, channels: [away] };
    {
      const stuck: FakeLine = Object.assign(new FakeLine(ann), { connection: { ...away.connection, send: hang } });
      await using at = await Sending.open({ ...options, channels: [stuck] });
      await at.walk.inbound.take(stuck.message(ask({ path: "out/chart.txt" })), stuck);
      await until("both on disk", async () => (await at.walk.storage.outbox({ limit: 9 })).length === 2);
    }
    await using at = await Sending.open(options);
    writeFileSync(join(folder.path, "workspace", "out", "chart.txt"), "another");
    await at.walk.recovered();
    await until("both", () => away.got.length === 2);
    expect(away.got[0]?.files).toEqual([{ name: "chart.txt", mimeType: "image/png", bytes: png }]);
    expect(away.texts).toEqual(["", "done"]);
    await until("nothing to be owed", async () => (await at.walk.storage.outbox({ limit: 9 })).length === 0);
  });

  test("whose bytes are gone is given up, and what comes after it is delivered", async () => {
    using folder = tempFolder();
    const line = new FakeLine(ann);
    await using at = await Sending.open({ folder: folder.path, channels: [line], between: forgetful });
    await at.walk.inbound.take(line.message(ask({ path: "out/chart.txt" })), line);
    await until("the answer", () => line.got.length === 1);
    expect(line.texts).toEqual(["done"]);
    expect(await at.walk.storage.outbox({ limit: 9, isDead: true })).toMatchObject([
      { problem: "the file chart.txt cannot be read in the storage any more" },
    ]);
  });

  test("is one of few that are held in memory at once", async () => {
    using folder = tempFolder();
    const gate = Promise.withResolvers<void>();
    let atOnce = 0;
    let most = 0;
    const lines = Array.from({ length: 5 }, (_, n) => {
      const line = new FakeLine(ann, { account: `a${n}` });
      const { connection: open } = line;
      const connection: FakeLine["connection"] = {
        ...open,
        send: async (message, signal) => {
          if (message.files) most = Math.max(most, ++atOnce);
          await gate.promise;
          if (message.files) atOnce--;
          return open.send(message, signal);
        },
      };
      return Object.assign(line, { connection });
    });
    await using at = await Sending.open({ folder: folder.path, channels: lines });
    for (const line of lines) await at.walk.inbound.take(line.message(ask({ path: "out/chart.txt" })), line);
    await until("all to be owed", async () => (await at.walk.storage.outbox({ limit: 20 })).length === 10);
    await until("two on their way", () => atOnce === 2);
    gate.resolve();
    await until("all", () => lines.every(({ got }) => got.length === 2));
    expect(most).toBe(2);
  });
});

describe("message.send", () => {
  const file = { name: "a.png", base64: Buffer.from(png).toString("base64") };

  test("brings files along with its text, and says what is wrong with them", async () => {
    await using fake = new FakeTelegram();
    await using gateway = await openGateway(`[channels.telegram]\ntoken = "${fake.token}"\napi_root = "${fake.url}"`);
    const send = (files: readonly object[], channel_id = "telegram") =>
      gateway.call("message.send", { channel_id, chat_id: "42", text: "look", files });
    await until("the file", async () => (await send([file])).body.result?.["sent"] === true);
    expect(fake.chats.shown.at(-1)).toMatchObject({ text: "look", files: [{ as: "photo", name: "a.png" }] });
    expect((await send([{ ...file, mimeType: "text/plain" }])).status).toBe(200);
    expect(fake.chats.shown.at(-1)?.files).toMatchObject([{ as: "document", bytes: png }]);
    const before = fake.chats.shown.length;
    expect((await send([file, { ...file, base64: "!" }])).body.error?.message).toContain("files/1/base64");
    expect((await send([file, file, file, file, file])).body.error?.message).toContain("files");
    expect((await send([file], "webchat")).body.error?.message).toContain("takes no files");
    expect(fake.chats.shown).toHaveLength(before);
  });
});
