import { expect, test } from "bun:test";
import { newId, silentLog, systemClock } from "#base";
import type { SessionEvent } from "#protocol";
import { createSessions, type Sessions } from "#sessions";
import { join } from "node:path";
import { dice } from "../support/dice.ts";
import { randomEvents } from "../support/random-log.ts";
import { openSqliteFile, tempFolder } from "../support/storage.ts";

class Home implements AsyncDisposable {
  readonly sessions: Sessions;
  readonly #opened = new AsyncDisposableStack();

  constructor() {
    const folder = this.#opened.use(tempFolder());
    const storage = this.#opened.use(openSqliteFile(join(folder.path, "openclaw.db")));
    this.sessions = this.#opened.use(
      createSessions({ storage, log: silentLog, clock: systemClock, cacheBytes: 1_000_000 }),
    );
  }

  async export(key: string, sessionId?: string): Promise<string> {
    const lines: string[] = [];
    for (let after = 0; ;) {
      const page = await this.sessions.transcript(key, { after, limit: 7, ...(sessionId && { sessionId }) });
      lines.push(...page.lines);
      if (!page.hasMore) return `${lines.join("\n")}\n`;
      after = page.last;
    }
  }

  async import(text: string, key?: string) {
    const uploadId = newId();
    for (let offset = 0; offset < text.length; offset += 1_000)
      await this.sessions.takePiece({ uploadId, offset, text: text.slice(offset, offset + 1_000) });
    return this.sessions.importFile(uploadId, key);
  }

  async [Symbol.asyncDispose]() {
    await this.#opened.disposeAsync();
  }
}

const key = "agent:main:main";

test("a session that was exported and imported is exported as the same bytes again, and comes to the same", async () => {
  for (let n = 0; n < 40; n++) {
    const seed = (Date.now() + n * 7_919) % 1_000_000;
    const roll = dice(seed);
    await using first = new Home();
    await using second = new Home();
    await first.sessions.append(key, randomEvents(roll, 1 + roll(12)));
    if (roll(3) === 0) {
      await first.sessions.reset(key);
      await first.sessions.append(key, randomEvents(roll, 1 + roll(5)));
    }
    const file = await first.export(key);
    const imported = await second.import(file);
    expect(imported, `seed ${seed}`).toMatchObject({ key, leftOut: 0, lostBlocks: 0, endedTurns: 0 });
    expect(await second.export(key), `seed ${seed}`).toBe(file);
    const [here, there] = [await first.sessions.state(key), await second.sessions.state(key)];
    expect(there?.summary, `seed ${seed}`).toEqual(here?.summary as never);
    expect(there?.conversation, `seed ${seed}`).toEqual(here?.conversation as never);
    expect(await second.sessions.replay(key, { mends: false })).toMatchObject({ stored: "equal", differences: [] });
  }
}, 30_000);

test("a session that had ended is exported by its id, and comes back as one that has ended", async () => {
  await using first = new Home();
  await using second = new Home();
  const roll = dice(11);
  await first.sessions.append(key, randomEvents(roll, 4));
  const ended = (await first.sessions.state(key))?.id ?? "";
  await first.sessions.reset(key);
  const file = await first.export(key, ended);
  await second.import(file);
  expect(await second.sessions.state(key)).toBeUndefined();
  expect(await second.export(key, ended)).toBe(file);
});

const user = (id: string, parentId: string | null, text: string) =>
  line({ type: "message", id, parentId, message: { role: "user", content: text, timestamp: 1 } });
const answer = (id: string, parentId: string, text: string) =>
  line({
    type: "message",
    id,
    parentId,
    message: {
      role: "assistant",
      content: [{ type: "text", text }],
      provider: "anthropic",
      model: "claude",
      usage: { input: 5, output: 7, cost: { total: 0.1 } },
      stopReason: "stop",
    },
  });

function line(entry: object): string {
  return JSON.stringify({ timestamp: "2026-02-01T10:00:00.000Z", ...entry });
}

const header = line({ type: "session", version: 3, id: "0c9d3a6e-1111-4222-8333-444455556666", cwd: "/home/x" });

/** A file as the original writes it: with tools, a compaction, an image, and an attempt that was given up. */
const foreign = [
  header,
  line({ type: "model_change", id: "m1", parentId: null, provider: "anthropic", modelId: "claude" }),
  user("u1", "m1", "first question"),
  answer("a0", "u1", "an attempt that was given up"),
  line({
    type: "message",
    id: "a1",
    parentId: "u1",
    message: {
      role: "assistant",
      content: [
        { type: "thinking", thinking: "hm", thinkingSignature: "s" },
        { type: "toolCall", id: "c1", name: "read", arguments: { path: "x" } },
      ],
      provider: "anthropic",
      model: "claude",
      stopReason: "toolUse",
    },
  }),
  line({
    type: "message",
    id: "t1",
    parentId: "a1",
    message: {
      role: "toolResult",
      toolCallId: "c1",
      toolName: "read",
      content: [
        { type: "text", text: "the file" },
        { type: "image", data: "AAAA", mimeType: "image/png" },
      ],
      isError: false,
    },
  }),
  answer("a2", "t1", "first answer"),
  line({
    type: "compaction",
    id: "k1",
    parentId: "a2",
    summary: "they talked",
    firstKeptEntryId: "u1",
    tokensBefore: 9,
  }),
  user("u2", "k1", "second question"),
].join("\n");

test("a file of the original becomes the conversation of its branch; what means nothing here is kept and counted", async () => {
  await using home = new Home();
  const imported = await home.import(foreign, key);
  expect(imported).toMatchObject({
    key,
    kept: { model_change: 1, compaction: 1 },
    leftOut: 1,
    lostBlocks: 1,
    endedTurns: 1,
  });
  const state = await home.sessions.state(key);
  expect(state?.conversation.map(({ role, text }) => [role, text])).toEqual([
    ["user", "first question"],
    ["assistant", ""],
    ["tool", "the file\n[image]"],
    ["assistant", "first answer"],
    ["user", "second question"],
  ]);
  expect(state?.summary.usage).toMatchObject({ input: 5, output: 7 });
  const events = await Array.fromAsync(home.sessions.events(key));
  const runs = events.flatMap(({ event }) => (event.kind === "MessageReceived" ? [event.runId] : []));
  for (const runId of runs) expect((await home.sessions.run(runId))?.endedAt).toBeDefined();
  const again = await home.export(key);
  expect(again).toContain('"type":"compaction"');
  await using third = new Home();
  await third.import(again);
  expect(await third.export(key)).toBe(again);
});

test("a leaf that points back makes what it points to the end of the conversation", async () => {
  await using home = new Home();
  const file = [header, user("u1", null, "one"), answer("a1", "u1", "two"), user("u2", "a1", "three")].join("\n");
  await home.import(`${file}\n${line({ type: "leaf", id: "l1", parentId: "u2", targetId: "a1" })}`, key);
  expect((await home.sessions.state(key))?.conversation.map(({ text }) => text)).toEqual(["one", "two"]);
});

function bare(role: string, content: string): string {
  return line({ type: "message", message: { role, content } });
}

test("a file of the first version, without ids, is read in the order of its lines", async () => {
  await using home = new Home();
  await home.import([header, bare("user", "one"), bare("assistant", "two"), bare("user", "three")].join("\n"), key);
  expect((await home.sessions.state(key))?.conversation.map(({ text }) => text)).toEqual(["one", "two", "three"]);
});

test.each([
  ["an empty file", ""],
  ["a file without a header", user("u1", null, "one")],
  ["a line that is no JSON", `${header}\n{"type":"mess`],
  ["a second header", `${header}\n${header}`],
  ["an entry that follows one that is not there", [header, user("u1", "lost", "one")].join("\n")],
  ["entries that follow each other", [header, user("u1", "u2", "one"), user("u2", "u1", "two")].join("\n")],
  ["two entries of one id", [header, user("u1", null, "one"), user("u1", null, "two")].join("\n")],
  [
    "an event of ours that is none",
    `${header}\n${line({ type: "custom", id: "x", customType: "openclaw.event", data: {} })}`,
  ],
  [
    "an entry without a time",
    `${header}\n${JSON.stringify({ type: "x", id: "x", parentId: null, timestamp: "soon" })}`,
  ],
])("%s is refused, and nothing of it is there", async (_what, file) => {
  await using home = new Home();
  const importing = home.import(file, key);
  await expect(importing).rejects.toMatchObject({ code: "importRefused" });
  expect(await home.sessions.list({ limit: 10 })).toEqual([]);
});

test("nothing that is there is added to: neither a session of the key nor the same session again", async () => {
  await using home = new Home();
  const opened: SessionEvent[] = [];
  await home.sessions.append(key, opened);
  await expect(home.import(foreign, key)).rejects.toMatchObject({ code: "importRefused" });
  await home.import(foreign, "agent:main:other");
  await expect(home.import(foreign, "agent:main:third")).rejects.toMatchObject({ code: "importRefused" });
  expect((await home.sessions.list({ limit: 10 })).length).toBe(2);
});

test("a piece that is lost, or a line without an end, is refused before it fills the memory", async () => {
  await using home = new Home();
  await home.sessions.takePiece({ uploadId: "a", offset: 0, text: header });
  await expect(home.sessions.takePiece({ uploadId: "a", offset: 9, text: "x" })).rejects.toMatchObject({
    code: "importRefused",
  });
  await expect(home.sessions.importFile("a", key)).rejects.toMatchObject({ code: "importRefused" });
  const megabyte = "x".repeat(1024 * 1024);
  let offset = 0;
  const fill = async () => {
    for (; offset < 64 * megabyte.length; offset += megabyte.length)
      await home.sessions.takePiece({ uploadId: "b", offset, text: megabyte });
  };
  await expect(fill()).rejects.toMatchObject({ code: "importRefused" });
  expect(offset).toBeLessThan(10 * megabyte.length);
});
