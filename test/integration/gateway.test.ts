import { describe, expect, test } from "bun:test";
import { tempFolder } from "../support/temp-folder.ts";
import { until } from "../support/until.ts";
import { Gates, key, shown, Walk } from "../support/walk.ts";

const other = "agent:main:other";

describe("a message that the gateway answers itself", () => {
  const message = { id: "a", runId: "a", sessionKey: key, from: { channel: "webchat", chat: "c" }, sender: "u" };
  const said = { ...message, text: "/do" };

  test("is worked on once, however often it is said, and is on disk with its answer and no turn", async () => {
    using folder = tempFolder();
    await using walk = new Walk({ folder: folder.path });
    const work = Promise.withResolvers<string>();
    const done: string[] = [];
    const first = walk.gateway.answer(said, () => {
      done.push("once");
      return work.promise;
    });
    await until("the work to be under way", () => done.length === 1);
    const again = () => walk.gateway.answer(said, async () => String(done.push("again")));
    expect(await again()).toEqual({ taken: true, runId: "a", status: "running", isRepeat: true });
    const changed = { ...message, text: "/undo" };
    expect(await walk.gateway.answer(changed, async () => "no")).toEqual({ taken: false, because: "conflict" });
    work.resolve("Done.");
    expect(await first).toEqual({ taken: true, runId: "a", status: "ok", isRepeat: false });
    expect(await again()).toEqual({ taken: true, runId: "a", status: "ok", isRepeat: true });
    expect(await walk.gateway.answer(changed, async () => "no")).toEqual({ taken: false, because: "conflict" });
    expect(done).toEqual(["once"]);
    expect(await walk.log()).toMatchObject([
      { kind: "SessionStarted" },
      { kind: "MessageReceived", text: "/do", runId: "a" },
      { kind: "AgentResponse", text: "Done.", runId: "a", stopReason: "stop", model: "gateway-injected" },
    ]);
    expect(walk.asked).toEqual([]);
    expect(walk.gateway.load()).toEqual({ running: 0, waiting: 0 });
  });

  test("whose work fails leaves nothing behind, and may be said again", async () => {
    using folder = tempFolder();
    await using walk = new Walk({ folder: folder.path });
    await expect(walk.gateway.answer(said, () => Promise.reject(new Error("not now")))).rejects.toThrow("not now");
    expect(await walk.log()).toEqual([]);
    expect(await walk.gateway.answer(said, async () => "Done.")).toMatchObject({ isRepeat: false, status: "ok" });
  });
});

describe("a receipt", () => {
  test("says that the message is on disk and has a turn, and the turn answers it", async () => {
    using folder = tempFolder();
    await using walk = new Walk({ folder: folder.path });
    expect(await walk.say("hello")).toEqual({ taken: true, runId: "m1", status: "queued", isRepeat: false });
    expect(await walk.ending("m1")).toMatchObject({ text: "echo hello", stopReason: "stop", provider: "fake" });
    expect((await walk.log()).map((event) => event.kind)).toEqual([
      "SessionStarted",
      "MessageReceived",
      "AgentResponse",
    ]);
    await until("nothing to be active", () => walk.gateway.activeRuns().length === 0);
  });

  test("of the same message names the same turn and how it stands, and nothing is done again", async () => {
    using folder = tempFolder();
    const gates = new Gates();
    await using walk = new Walk({ folder: folder.path, answer: gates.answer, limits: { running: 1 } });
    await walk.say("one", { id: "a" });
    await walk.say("two", { id: "b" });
    await walk.wasAsked(1);
    const again = (id: string, text: string) => walk.say(text, { id, runId: `another-${id}` });
    expect(await again("a", "one")).toEqual({ taken: true, runId: "a", status: "running", isRepeat: true });
    expect(await again("b", "two")).toEqual({ taken: true, runId: "b", status: "queued", isRepeat: true });
    gates.open("one");
    gates.open("two");
    await walk.ending("b");
    expect(await again("a", "one")).toMatchObject({ runId: "a", status: "ok", isRepeat: true });
    expect(await walk.endings()).toHaveLength(2);
    expect(walk.asked).toHaveLength(2);
    await until("its place to be free again", () => walk.gateway.load().running === 0);
    expect(walk.gateway.load()).toEqual({ running: 0, waiting: 0 });
  });

  test("goes to one of many that say the same at once; the others are repeats", async () => {
    using folder = tempFolder();
    await using walk = new Walk({ folder: folder.path });
    const receipts = await Promise.all(Array.from({ length: 10 }, () => walk.say("hello", { id: "same" })));
    expect(receipts.filter((receipt) => receipt.taken && !receipt.isRepeat)).toHaveLength(1);
    expect(receipts.every((receipt) => receipt.taken && receipt.runId === "same")).toBe(true);
    await walk.ending("same");
    expect(await walk.endings()).toHaveLength(1);
    expect(walk.asked).toHaveLength(1);
  });

  test.each([
    ["another text", { text: "good bye" }],
    ["another session", { sessionKey: other }],
    ["another sender", { sender: "somebody" }],
  ])("is refused as a conflict for the same id with %s", async (_what, change) => {
    using folder = tempFolder();
    await using walk = new Walk({ folder: folder.path });
    const message = { id: "a", sessionKey: key, from: { channel: "webchat", chat: "c" }, sender: "u", text: "hello" };
    await walk.say("hello", message);
    expect(await walk.say("hello", { ...message, ...change })).toEqual({ taken: false, because: "conflict" });
    await walk.ending("a");
    expect(await walk.endings()).toHaveLength(1);
  });

  test("is known after a restart", async () => {
    using folder = tempFolder();
    {
      await using walk = new Walk({ folder: folder.path });
      await walk.say("hello", { id: "a" });
      await walk.ending("a");
    }
    await using walk = new Walk({ folder: folder.path });
    expect(await walk.say("hello", { id: "a" })).toEqual({ taken: true, runId: "a", status: "ok", isRepeat: true });
    expect(await walk.say("other", { id: "a" })).toEqual({ taken: false, because: "conflict" });
    expect(walk.asked).toEqual([]);
  });
});

describe("room", () => {
  test("in one session is for 20; the next is refused and nothing of it kept, a repeat still known", async () => {
    using folder = tempFolder();
    const gates = new Gates();
    await using walk = new Walk({ folder: folder.path, answer: gates.answer });
    for (let i = 1; i <= 20; i++) expect(await walk.say(String(i))).toMatchObject({ taken: true });
    expect(await walk.say("too much", { id: "x" })).toEqual({ taken: false, because: "laneFull" });
    expect(await walk.say("7", { id: "m7" })).toMatchObject({ taken: true, isRepeat: true, status: "queued" });
    expect(await walk.say("elsewhere", { sessionKey: other })).toMatchObject({ taken: true });
    expect((await walk.log()).filter((event) => event.kind === "MessageReceived")).toHaveLength(20);
    gates.open("1");
    await walk.ending("m1");
    await until("room", async () => (await walk.say("too much", { id: "x" })).taken);
  });

  test("in the gateway is what its limits say, over all sessions", async () => {
    using folder = tempFolder();
    const gates = new Gates();
    await using walk = new Walk({ folder: folder.path, answer: gates.answer, limits: { running: 2, waiting: 3 } });
    const say = (i: number) => walk.say("x", { id: `q${i}`, sessionKey: `agent:main:s${i}` });
    for (let i = 1; i <= 5; i++) expect(await say(i)).toMatchObject({ taken: true });
    expect(await say(6)).toEqual({ taken: false, because: "queueFull" });
    expect(await walk.sessions.state("agent:main:s6")).toBeUndefined();
    expect(walk.gateway.load()).toEqual({ running: 2, waiting: 3 });
    gates.open("x");
    await until("room", async () => (await say(6)).taken);
    await walk.ending("q6", "agent:main:s6");
  });

  test("is closed while draining; what was taken before is known, and goes on at the next start", async () => {
    using folder = tempFolder();
    const gates = new Gates();
    {
      await using walk = new Walk({ folder: folder.path, answer: gates.answer });
      await walk.say("one", { id: "a" });
      await walk.say("two", { id: "b" });
      await walk.wasAsked(1);
      const drained = walk.gateway.drain(60_000);
      expect(await walk.say("three", { id: "c" })).toEqual({ taken: false, because: "closing" });
      expect(await walk.say("two", { id: "b" })).toMatchObject({ taken: true, status: "queued", isRepeat: true });
      gates.open("one");
      await drained;
      expect((await walk.endings()).map((ending) => ending.runId)).toEqual(["a"]);
    }
    await using walk = new Walk({ folder: folder.path });
    expect(await walk.recovered()).toEqual({ resumed: 1, ended: 0 });
    expect(await walk.ending("b")).toMatchObject({ text: "echo two" });
    expect(shown(walk.asked[0])).toEqual(["user: one", "assistant: echo one", "user: two"]);
  });
});

describe("turns", () => {
  test("of one session run one after the other, and each sees what was said before it, not after", async () => {
    using folder = tempFolder();
    const gates = new Gates();
    await using walk = new Walk({ folder: folder.path, answer: gates.answer });
    for (const text of ["one", "two", "three"]) await walk.say(text);
    await walk.wasAsked(1);
    expect(walk.gateway.activeRuns().map(({ runId, status }) => [runId, status])).toEqual([
      ["m1", "running"],
      ["m2", "queued"],
      ["m3", "queued"],
    ]);
    for (const text of ["three", "two", "one"]) gates.open(text); // a later one that is ready does not overtake
    await walk.ending("m3");
    expect(walk.asked.map(shown)).toEqual([
      ["user: one"],
      ["user: one", "assistant: echo one", "user: two"],
      ["user: one", "assistant: echo one", "user: two", "assistant: echo two", "user: three"],
    ]);
    expect((await walk.endings()).map((ending) => ending.runId)).toEqual(["m1", "m2", "m3"]);
  });

  test("of many sessions run beside each other, as many as there are workers and never more", async () => {
    using folder = tempFolder();
    const gates = new Gates();
    let running = 0;
    let most = 0;
    await using walk = new Walk({
      folder: folder.path,
      limits: { running: 3 },
      async *answer(request, signal) {
        most = Math.max(most, ++running);
        yield* gates.answer(request, signal);
        running--;
      },
    });
    const keys = Array.from({ length: 12 }, (_, i) => `agent:main:s${i}`);
    await Promise.all(keys.map((sessionKey, i) => walk.say("x", { id: `t${i}`, sessionKey })));
    await walk.wasAsked(3);
    expect(walk.gateway.load()).toEqual({ running: 3, waiting: 9 });
    gates.open("x");
    await Promise.all(keys.map((sessionKey, i) => walk.ending(`t${i}`, sessionKey)));
    expect(most).toBe(3);
  });

  test("show what the model has said so far", async () => {
    using folder = tempFolder();
    const gate = Promise.withResolvers<void>();
    await using walk = new Walk({
      folder: folder.path,
      async *answer() {
        yield { type: "thinking", delta: "hm" };
        yield { type: "text", delta: "so " };
        yield { type: "text", delta: "far" };
        await gate.promise;
        yield { type: "done", stop: "stop", usage: { input: 1, output: 1, cacheRead: 0, cacheWrite: 0 } };
      },
    });
    await walk.say("hello");
    await until("the text", () => walk.gateway.activeRuns()[0]?.text === "so far");
    expect(walk.notices.flatMap((notice) => (notice.type === "delta" ? [notice.delta.text] : []))).toEqual([
      "hm",
      "so ",
      "far",
    ]);
    gate.resolve();
    expect(await walk.ending("m1")).toMatchObject({ text: "so far", thinking: "hm" });
  });
});
