import { describe, expect, test } from "bun:test";
import type { TurnTools } from "#agent";
import { calls, says } from "../support/scripted-provider.ts";
import { FakeSlate } from "../support/fake-slate.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { until } from "../support/until.ts";
import { aborted, echo, Gates, key, lastText, noTools, sayAndHang, shown, Walk } from "../support/walk.ts";

const other = "agent:main:other";

describe("an abort", () => {
  test("ends the turn that runs with what was said, and those that wait without asking the model", async () => {
    using folder = tempFolder();
    await using walk = new Walk({
      folder: folder.path,
      answer: (request, signal) => (lastText(request) === "go on" ? echo(request) : sayAndHang("half ", signal)),
    });
    for (const text of ["one", "two", "three"]) await walk.say(text);
    await walk.say("elsewhere", { id: "e", sessionKey: other });
    await until("the stream", () => walk.gateway.activeRuns().some((run) => run.text === "half "));
    expect(await walk.gateway.abort({ sessionKey: key })).toEqual(["m1", "m2", "m3"]);
    expect(await walk.ending("m1")).toMatchObject({ stopReason: "aborted", text: "half " });
    for (const runId of ["m2", "m3"])
      expect(await walk.ending(runId)).toMatchObject({ stopReason: "aborted", text: "" });
    expect(walk.asked).toHaveLength(2);
    expect(walk.gateway.activeRuns().map((run) => run.runId)).toEqual(["e"]);
    expect(await walk.say("one", { id: "m1" })).toMatchObject({ isRepeat: true, status: "aborted" });
    await walk.say("go on", { id: "m9" });
    expect(await walk.ending("m9")).toMatchObject({ text: "echo go on" });
    expect(walk.notices.filter((notice) => notice.type === "appended" && notice.key === key).length).toBeGreaterThan(5);
  });

  test("of one turn leaves the others of its session alone", async () => {
    using folder = tempFolder();
    const gates = new Gates();
    await using walk = new Walk({ folder: folder.path, answer: gates.answer });
    for (const text of ["one", "two", "three"]) await walk.say(text);
    expect(await walk.gateway.abort({ sessionKey: key, runId: "m2" })).toEqual(["m2"]);
    expect(await walk.gateway.abort({ sessionKey: key, runId: "m2" })).toEqual([]);
    expect(await walk.gateway.abort({ sessionKey: other, runId: "m3" })).toEqual([]);
    expect(await walk.gateway.abort({ sessionKey: key, runId: "unknown" })).toEqual([]);
    gates.open("one");
    gates.open("three");
    await walk.ending("m3");
    expect((await walk.endings()).map(({ runId, stopReason }) => [runId, stopReason])).toEqual([
      ["m2", "aborted"],
      ["m1", "stop"],
      ["m3", "stop"],
    ]);
  });

  test("finds the message that is still on its way to the disk", async () => {
    using folder = tempFolder();
    await using walk = new Walk({ folder: folder.path, answer: (_request, signal) => sayAndHang("never", signal) });
    const receipt = walk.say("one", { id: "a" });
    expect(await walk.gateway.abort({ sessionKey: key, runId: "a" })).toEqual(["a"]);
    expect(await receipt).toMatchObject({ taken: true, runId: "a" });
    expect(await walk.ending("a")).toMatchObject({ stopReason: "aborted", text: "" });
    expect(walk.gateway.activeRuns()).toEqual([]);
  });

  test("says nothing of a message on its way that was not taken", async () => {
    using folder = tempFolder();
    await using walk = new Walk({ folder: folder.path });
    await walk.say("one", { id: "a" });
    await walk.ending("a");
    const [again, stopped] = await Promise.all([
      walk.say("one", { id: "a" }),
      walk.gateway.abort({ sessionKey: key, runId: "a" }),
    ]);
    expect(again).toMatchObject({ isRepeat: true, status: "ok" });
    expect(stopped).toEqual([]);
  });

  test("reaches the tool that runs, and its outcome is in the log before the ending", async () => {
    using folder = tempFolder();
    const tools: TurnTools = {
      ...noTools,
      run: async (_call, signal) => {
        await aborted(signal);
        return { text: "stopped", failed: true, durationMs: 1 };
      },
    };
    await using walk = new Walk({
      folder: folder.path,
      tools,
      answer: (_request, signal) => (signal.aborted ? [] : calls(["c1", "wait", {}])),
    });
    await walk.say("work");
    await until("the call", async () => (await walk.log()).some((event) => event.kind === "ToolCalled"));
    expect(await walk.gateway.abort({ sessionKey: key })).toEqual(["m1"]);
    await walk.ending("m1");
    expect((await walk.log()).slice(2)).toMatchObject([
      { kind: "AgentResponse", stopReason: "toolUse" },
      { kind: "ToolCalled", callId: "c1" },
      { kind: "ToolResult", callId: "c1", success: false, result: "stopped" },
      { kind: "AgentResponse", stopReason: "aborted" },
    ]);
  });
});

describe.each(["resetSession", "deleteSession"] as const)("%s", (end) => {
  test("while turns run and wait stops them first, and none of them comes back", async () => {
    using folder = tempFolder();
    await using walk = new Walk({ folder: folder.path, answer: (_request, signal) => sayAndHang("half", signal) });
    await walk.say("one");
    await walk.say("two");
    await walk.wasAsked(1);
    const before = (await walk.sessions.state(key))?.id;
    expect(await walk.gateway[end](key)).toBe(true);
    expect(walk.gateway.activeRuns()).toEqual([]);
    await nothingOf(walk, before, end);
    expect(walk.asked).toHaveLength(1);
  });

  test("while a message is on its way to the disk ends that too", async () => {
    using folder = tempFolder();
    await using walk = new Walk({ folder: folder.path });
    await walk.say("before", { id: "a" });
    await walk.ending("a");
    const before = (await walk.sessions.state(key))?.id;
    const [receipt, ended] = await Promise.all([walk.say("one", { id: "b" }), walk.gateway[end](key)]);
    expect(receipt).toMatchObject({ taken: true, runId: "b" });
    expect(ended).toBe(true);
    await until("its end", () => walk.gateway.activeRuns().length === 0);
    await nothingOf(walk, before, end);
    expect(walk.asked.map(lastText)).toEqual(["before"]);
  });

  test("lets messages that come meanwhile begin the next session, each answered once and alone", async () => {
    using folder = tempFolder();
    const gate = Promise.withResolvers<void>();
    await using walk = new Walk({
      folder: folder.path,
      async *answer(request, signal) {
        if (lastText(request) !== "old") return yield* echo(request);
        yield { type: "text", delta: "half" };
        await aborted(signal);
        await gate.promise; // takes its time to stop
      },
    });
    await walk.say("old", { id: "old" });
    await walk.wasAsked(1);
    const before = (await walk.sessions.state(key))?.id;
    const ended = walk.gateway[end](key);
    const receipts = [walk.say("new one", { id: "n1" }), walk.say("new two", { id: "n2" })];
    const endedAgain = walk.gateway[end]("agent:main:nobody");
    gate.resolve();
    expect(await ended).toBe(true);
    expect(await endedAgain).toBe(false);
    for (const receipt of receipts) expect(await receipt).toMatchObject({ taken: true, isRepeat: false });
    await walk.ending("n2");
    expect((await walk.sessions.state(key))?.id).not.toBe(before);
    expect((await walk.endings()).map(({ runId, text }) => [runId, text])).toEqual([
      ["n1", "echo new one"],
      ["n2", "echo new two"],
    ]);
    expect(walk.asked.slice(1).map(shown)).toEqual([
      ["user: new one"],
      ["user: new one", "assistant: echo new one", "user: new two"],
    ]);
    expect(await walk.storage.openRuns()).toEqual([]);
  });

  test("twice at once is once, and does not wait for ever", async () => {
    using folder = tempFolder();
    await using walk = new Walk({ folder: folder.path, answer: (_request, signal) => sayAndHang("half", signal) });
    await walk.say("one");
    await walk.wasAsked(1);
    const ended = await Promise.all([walk.gateway[end](key), walk.gateway[end](key)]);
    expect(ended).toEqual([true, end === "resetSession"]);
  });

  test("while draining takes out what waits and will not begin any more", async () => {
    using folder = tempFolder();
    const gates = new Gates();
    await using walk = new Walk({ folder: folder.path, answer: gates.answer });
    await walk.say("one");
    await walk.say("two");
    await walk.wasAsked(1);
    const drained = walk.gateway.drain(60_000);
    expect(await walk.gateway[end](key)).toBe(true);
    await drained;
    expect(await walk.storage.openRuns()).toEqual([]);
    expect(walk.gateway.load()).toEqual({ running: 0, waiting: 0 });
  });
});

test("a turn that takes too long ends with a problem that says so, and the next one runs", async () => {
  using folder = tempFolder();
  await using walk = new Walk({
    folder: folder.path,
    timeoutMs: 50,
    answer: (request, signal) => (lastText(request) === "slow" ? sayAndHang("half ", signal) : says("quick")),
  });
  await walk.say("slow");
  await walk.say("fast");
  expect(await walk.ending("m1")).toMatchObject({
    stopReason: "error",
    text: "half ",
    problem: { kind: "timeout", message: "The turn took longer than 0.05 seconds." },
  });
  expect(await walk.ending("m2")).toMatchObject({ stopReason: "stop", text: "quick" });
});

/** After a reset there is a new, empty session; after a delete there is none, not even on the disk. */
async function nothingOf(walk: Walk, id: string | undefined, end: "resetSession" | "deleteSession"): Promise<void> {
  const state = await walk.sessions.state(key);
  expect(id).toBeString();
  expect(state?.id).not.toBe(id);
  expect((await walk.log()).map((event) => event.kind)).toEqual(end === "resetSession" ? ["SessionStarted"] : []);
  expect(await walk.storage.sessions({ limit: 10 })).toHaveLength(end === "resetSession" ? 1 : 0);
  expect(await walk.storage.openRuns()).toEqual([]);
}

test("a gateway that stops hears what the platform says to the message that is being sent", async () => {
  using folder = tempFolder();
  const slate = new FakeSlate();
  const line = slate.line({}, { streaming: "off" });
  const gate = Promise.withResolvers<void>();
  {
    await using walk = new Walk({ folder: folder.path, channels: [line] });
    slate.gate = gate.promise;
    await walk.say("hello", { from: { channel: "pigeon", chat: "c1" } });
    await until("a message on its way", () => slate.calls("send") === 1);
    const drained = walk.gateway.drain(10_000);
    expect(await Promise.race([drained.then(() => "over"), Bun.sleep(30).then(() => "waiting")])).toBe("waiting");
    gate.resolve();
    await drained;
  }
  await using walk = new Walk({ folder: folder.path, channels: [line] });
  await walk.recovered();
  expect(await walk.storage.outbox({ limit: 1 })).toEqual([]);
  const [trace] = await walk.gateway.trace("m1");
  expect(trace?.steps.map(({ what }) => what)).toEqual(["received", "started", "answered", "delivered"]);
  expect(slate.texts).toEqual(["echo hello"]);
});

test("a platform that never answers does not keep a gateway from stopping", async () => {
  using folder = tempFolder();
  const slate = new FakeSlate();
  await using walk = new Walk({ folder: folder.path, channels: [slate.line({}, { streaming: "off" })] });
  slate.gate = new Promise(() => {});
  await walk.say("hello", { from: { channel: "pigeon", chat: "c1" } });
  await until("a message on its way", () => slate.calls("send") === 1);
  await walk.gateway.drain(20);
  expect((await walk.storage.outbox({ limit: 1 })).length).toBe(1);
});
