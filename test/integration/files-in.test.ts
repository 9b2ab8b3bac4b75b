import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TurnTools } from "#agent";
import { silentLog } from "#base";
import type { Attachment } from "#channels";
import type { EventOf } from "#protocol";
import type { ModelRequest } from "#providers";
import { openJail } from "#sandbox";
import type { Storage } from "#storage";
import { createToolbox, tools } from "#tools";
import { promptMimeType } from "../../src/gateway/prompts.ts";
import { FakeLine } from "../support/fake-line.ts";
import { startFakeModel } from "../support/fake-model.ts";
import { FakeTelegram } from "../support/fake-telegram.ts";
import { fakeModelConfig } from "../support/gateway-process.ts";
import { openGateway } from "../support/open-gateway.ts";
import { sandboxAtHand } from "../support/sandbox.ts";
import { calls, says } from "../support/scripted-provider.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { until } from "../support/until.ts";
import { key, over, Walk, type WalkOptions, webchat } from "../support/walk.ts";

const ann = { allowFrom: ["1"] };
const bytesOf = (text: string) => new TextEncoder().encode(text);
const hashOf = (text: string) => Bun.SHA256.hash(bytesOf(text), "hex");
const blobIn = (text: string) => /blob ([0-9a-f]{64})/.exec(text)?.[1] ?? "none";

const forgetful = (storage: Storage) => over(storage, { blob: async () => undefined });

function document(content: string, name?: string): Attachment {
  return { id: "f", kind: "file", fetch: async () => bytesOf(content), ...(name !== undefined && { name }) };
}

/** A message with a file is “kept”; one that is JSON is the arguments of a call, whose outcome is the answer. */
function openAsAsked({ messages }: ModelRequest) {
  const last = messages.at(-1);
  if (last?.role !== "user") return says(last?.text ?? "");
  return last.text.startsWith("{") ? calls(["c1", "save_attachment", JSON.parse(last.text)]) : says("kept");
}

/** A walk whose agent has the real tool over a real workspace. */
class Opening implements AsyncDisposable {
  readonly walk: Walk;
  readonly workspace: string;
  readonly line: FakeLine;
  readonly #opened: AsyncDisposableStack;

  private constructor(walk: Walk, line: FakeLine, workspace: string, opened: AsyncDisposableStack) {
    this.walk = walk;
    this.line = line;
    this.workspace = workspace;
    this.#opened = opened;
  }

  /** `called` hears of every call that came to its end, before the log does. */
  static async open(options: WalkOptions, called: (walk: Walk) => void = () => {}): Promise<Opening> {
    const opened = new AsyncDisposableStack();
    const workspace = join(options.folder, "workspace");
    mkdirSync(workspace, { recursive: true });
    writeFileSync(join(options.folder, "secret"), "CANARY");
    const toolbox = createToolbox({
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
      run: async (call, signal, runId) => {
        const outcome = await toolbox.run(call, signal, runId);
        called(walk);
        return outcome;
      },
    };
    const line = new FakeLine(ann);
    const channels = [line, webchat];
    const walk: Walk = opened.use(new Walk({ answer: openAsAsked, tools: turnTools, channels, ...options }));
    return new Opening(walk, line, workspace, opened);
  }

  /** Ann sends files, and they are in the log. */
  async send(...attachments: readonly Attachment[]): Promise<void> {
    const before = this.line.got.length;
    await this.walk.inbound.take(this.line.message("look", { attachments }), this.line);
    await until("the answer", () => this.line.got.length > before);
  }

  /** What the tool said. */
  async save(args: object, sessionKey = key): Promise<string> {
    const id = Bun.randomUUIDv7();
    await this.walk.say(JSON.stringify(args), { id, sessionKey });
    return (await this.walk.ending(id, sessionKey)).text;
  }

  read(path: string): string {
    return readFileSync(join(this.workspace, path), "utf8");
  }

  /** What came of the calls. */
  async results(): Promise<EventOf<"ToolResult">[]> {
    return (await this.walk.log(key)).filter((event) => event.kind === "ToolResult");
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#opened.disposeAsync();
  }
}

describe("a file that somebody sent", () => {
  test("is put into the inbox under its name, or where it is wanted", async () => {
    using folder = tempFolder();
    await using at = await Opening.open({ folder: folder.path });
    await at.send(document("a;b", "../the report.csv"));
    const blob = hashOf("a;b");
    expect(await at.save({ blob })).toBe("Saved as inbox/the report.csv (text/plain, 3 bytes).");
    expect(await at.save({ blob, path: "data/in.csv" })).toBe("Saved as data/in.csv (text/plain, 3 bytes).");
    expect([at.read("inbox/the report.csv"), at.read("data/in.csv")]).toEqual(["a;b", "a;b"]);
    expect((await at.results()).map(({ success }) => success)).toEqual([true, true]);
  });

  test("gets a number where its name is another's, and is found again where it is there already", async () => {
    using folder = tempFolder();
    await using at = await Opening.open({ folder: folder.path });
    await at.send(document("one", "a.txt"), document("two", "a.txt"), document("more than that", "a.txt"));
    const blobs = ["one", "two", "more than that"].map(hashOf);
    for (const blob of [...blobs, ...blobs]) await at.save({ blob });
    expect((await at.results()).map(({ result }) => result)).toEqual([
      "Saved as inbox/a.txt (text/plain, 3 bytes).",
      "Saved as inbox/a-2.txt (text/plain, 3 bytes).",
      "Saved as inbox/a-3.txt (text/plain, 14 bytes).",
      "It is there already, as inbox/a.txt (text/plain, 3 bytes).",
      "It is there already, as inbox/a-2.txt (text/plain, 3 bytes).",
      "It is there already, as inbox/a-3.txt (text/plain, 14 bytes).",
    ]);
    expect(["a.txt", "a-2.txt", "a-3.txt"].map((name) => at.read(`inbox/${name}`))).toEqual([
      "one",
      "two",
      "more than that",
    ]);
  });

  test("overwrites nothing where it is wanted, unless it is there already", async () => {
    using folder = tempFolder();
    await using at = await Opening.open({ folder: folder.path });
    writeFileSync(join(at.workspace, "notes.txt"), "mine");
    mkdirSync(join(at.workspace, "folder"));
    await at.send(document("theirs", "a.txt"));
    const blob = hashOf("theirs");
    expect(await at.save({ blob, path: "notes.txt" })).toBe(
      "Not saved: notes.txt is taken, and nothing is overwritten. Choose another path.",
    );
    expect(await at.save({ blob, path: "folder" })).toContain("folder is taken");
    expect(at.read("notes.txt")).toBe("mine");
    writeFileSync(join(at.workspace, "notes.txt"), "theirs");
    expect(await at.save({ blob, path: "notes.txt" })).toStartWith("It is there already, as notes.txt");
    expect((await at.results()).map(({ success }) => success)).toEqual([false, false, true]);
  });

  test.each([
    ["above the workspace", { path: "../new" }],
    ["at an absolute path", { path: "/tmp/openclaw-new" }],
    ["in place of a link to elsewhere", { path: "link" }],
    ["behind a link to elsewhere", { path: "folder/new" }],
    ["in an inbox that leads elsewhere", {}],
  ])("is not put %s", async (_where, args) => {
    using folder = tempFolder();
    await using at = await Opening.open({ folder: folder.path });
    for (const [name, to] of [
      ["link", "../new"],
      ["folder", ".."],
      ["inbox", ".."],
    ] as const) {
      symlinkSync(to, join(at.workspace, name));
    }
    await at.send(document("theirs", "new"));
    await at.save({ blob: hashOf("theirs"), ...args });
    expect(await at.results()).toMatchObject([{ success: false }]);
    expect(existsSync(join(folder.path, "new")) || existsSync("/tmp/openclaw-new")).toBe(false);
    expect(readdirSync(at.workspace).toSorted()).toEqual(["folder", "inbox", "link"]);
  });

  test("is found however long ago it came", async () => {
    using folder = tempFolder();
    await using at = await Opening.open({ folder: folder.path });
    await at.send(document("old", "old.txt"));
    const since = Array.from({ length: 1_000 }, (_, n) => ({ kind: "StateChanged", key: "n", value: n }) as const);
    await at.walk.sessions.append(key, since);
    expect(await at.save({ blob: hashOf("old") })).toStartWith("Saved as inbox/old.txt");
  });

  test("is there once when the gateway ended before the log had it that it was saved", async () => {
    using folder = tempFolder();
    {
      await using at = await Opening.open({ folder: folder.path }, (walk) => walk.freeze());
      await at.send(document("once", "a.txt"));
      await at.walk.say(JSON.stringify({ blob: hashOf("once") }));
      await until("the file", () => existsSync(join(at.workspace, "inbox", "a.txt")));
    }
    await using at = await Opening.open({ folder: folder.path });
    await at.walk.recovered();
    expect((await at.walk.ending("m1")).text).toStartWith("It is there already, as inbox/a.txt");
    expect(readdirSync(join(at.workspace, "inbox"))).toEqual(["a.txt"]);
  });
});

describe("there is no such file", () => {
  const unknown = "No message of this conversation brought such a file. Take its blob as the message names it.";

  test("for a hash that was only typed, whatever it is the hash of", async () => {
    using folder = tempFolder();
    await using at = await Opening.open({ folder: folder.path });
    const blob = await at.walk.storage.putBlob({ mimeType: "text/plain", bytes: bytesOf("theirs") });
    await at.walk.inbound.take(at.line.message(`[attached: file a.txt; text/plain, 6 bytes, blob ${blob}]`), at.line);
    await until("the answer", () => at.line.got.length === 1);
    expect(await at.save({ blob })).toBe(unknown);
    expect(readdirSync(at.workspace)).toEqual([]);
  });

  test("in another conversation, or in this one when it has begun anew", async () => {
    using folder = tempFolder();
    await using at = await Opening.open({ folder: folder.path });
    await at.send(document("ann's", "a.txt"));
    const blob = hashOf("ann's");
    expect(await at.save({ blob }, "agent:main:other")).toBe(unknown);
    expect(await at.save({ blob })).toStartWith("Saved");
    await at.walk.gateway.resetSession(key);
    expect(await at.save({ blob })).toBe(unknown);
  });

  test("when it was deleted, which is said", async () => {
    using folder = tempFolder();
    await using at = await Opening.open({ folder: folder.path, between: forgetful });
    await at.send(document("gone", "a.txt"));
    expect(await at.save({ blob: hashOf("gone") })).toBe(
      "The file is not kept any more: files are deleted after a while. Ask for it to be sent again.",
    );
  });

  test("when it is what a model was told, whatever the log says", async () => {
    using folder = tempFolder();
    await using at = await Opening.open({ folder: folder.path });
    const blob = await at.walk.storage.putBlob({ mimeType: promptMimeType, bytes: bytesOf("{}") });
    await at.walk.say("x", { id: "forged", files: [{ blob, mimeType: "text/plain", bytes: 2 }] });
    await at.walk.ending("forged");
    expect(await at.save({ blob })).toBe("That is no file of a message.");
  });

  test("for a turn that is over", async () => {
    using folder = tempFolder();
    await using at = await Opening.open({ folder: folder.path });
    await at.send(document("mine", "a.txt"));
    const opened = await at.walk.gateway.openFile("nobody", hashOf("mine"));
    expect(opened).toEqual({ found: false, because: "This turn is over." });
  });
});

test("a document that comes by Telegram is saved and read, each in the workspace of the agent that it was sent to", async () => {
  await using fake = new FakeTelegram();
  await using model = startFakeModel({
    script: ({ messages }) => {
      const last = messages.at(-1);
      const text = last?.text ?? "";
      if (last?.role === "user") {
        return { parts: [{ toolCall: { id: "c1", name: "save_attachment", args: { blob: blobIn(text) } } }] };
      }
      const path = /^Saved as (\S+) /.exec(text)?.[1];
      return path === undefined ? text : { parts: [{ toolCall: { id: "c2", name: "read", args: { path } } }] };
    },
  });
  await using gateway = await openGateway(
    `${fakeModelConfig(model.url)}
    [agents.defaults]
    workspace = "work"
    [[agents.list]]
    id = "main"
    default = true
    [[agents.list]]
    id = "second"
    workspace = "second"
    [[bindings]]
    agent_id = "second"
    [bindings.match]
    channel = "telegram"
    peer = { kind = "direct", id = "43" }
    [channels.telegram]
    token = "${fake.token}"
    api_root = "${fake.url}"
    dm_policy = "open"
    allow_from = ["*"]`,
  );
  for (const [id, content] of [
    [42, "for the first"],
    [43, "for the second"],
  ] as const) {
    fake.file(`d${id}`, bytesOf(content));
    const about = { file_id: `d${id}`, file_unique_id: `d${id}`, file_name: "note.md", file_size: content.length };
    const who = { id, first_name: "A", is_bot: false };
    const chat = { id, type: "private", first_name: "A" } as const;
    fake.put({ chat });
    fake.says("", { document: about, text: undefined, from: who, chat, message_id: id });
    await until("the answer", () => fake.chats.shown.some(({ text }) => text?.endsWith(content)));
  }
  const saved = (folder: string) => readFileSync(join(gateway.home, folder, "inbox", "note.md"), "utf8");
  expect([saved("work"), saved("second")]).toEqual(["for the first", "for the second"]);
  expect(readdirSync(join(gateway.home, "work", "inbox"))).toEqual(["note.md"]);
});
