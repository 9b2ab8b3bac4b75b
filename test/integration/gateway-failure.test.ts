import { describe, expect, spyOn, test } from "bun:test";
import { createPrepareTurn, type TurnTools } from "#agent";
import { silentLog } from "#base";
import { fault } from "#protocol";
import { createModels } from "#providers";
import type { Append, Storage } from "#storage";
import type { ToolEffect } from "#tools";
import { calls, says } from "../support/scripted-provider.ts";
import { opening } from "../support/storage.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { toolboxAtHand } from "../support/toolbox.ts";
import { until } from "../support/until.ts";
import {
  aborted,
  type Answer,
  echo,
  Gates,
  key,
  lastText,
  noTools,
  over,
  sayAndHang,
  shown,
  Walk,
  type WalkOptions,
} from "../support/walk.ts";

describe("a turn without an answer ends visibly", () => {
  test("when there is no such model: the problem names what to set", async () => {
    using folder = tempFolder();
    await using at = await toolboxAtHand();
    const prepareTurn = createPrepareTurn({
      models: createModels({ settings: () => ({ providers: {} }), primary: () => "nowhere/model-1", log: silentLog }),
      toolbox: at.toolbox,
      systemPrompt: async () => "",
      agent: () => ({ maxSteps: 1, timeoutSeconds: 1 }),
    });
    await using walk = new Walk({ folder: folder.path, prepareTurn });
    await walk.say("hello");
    const { stopReason, problem } = await walk.ending("m1");
    expect(stopReason).toBe("error");
    expect(problem?.kind).toBe("modelNotFound");
    expect(problem?.message).toContain("models.providers.nowhere");
  });

  test("when something breaks: a number for the person, the stack under that number in the log", async () => {
    using folder = tempFolder();
    await using walk = new Walk({
      folder: folder.path,
      answer: (request) => {
        if (lastText(request) === "go on") return echo(request);
        throw new TypeError("a bug of the provider's");
      },
    });
    await walk.say("hello");
    const { problem, stopReason } = await walk.ending("m1");
    expect({ stopReason, kind: problem?.kind }).toEqual({ stopReason: "error", kind: "internal" });
    const incident = /incident ([0-9a-f-]{36})/.exec(problem?.message ?? "")?.[1] ?? "none";
    expect(problem?.message).not.toContain("bug");
    const line = walk.logged.find((one) => one["incident"] === incident);
    expect(line).toMatchObject({ level: "error", runId: "m1" });
    expect(String(line?.["error"])).toContain("TypeError: a bug of the provider's");
    await walk.say("go on");
    expect(await walk.ending("m2")).toMatchObject({ text: "echo go on" });
  });

  test("as aborted when it was asked to stop, even if stopping breaks something", async () => {
    using folder = tempFolder();
    await using walk = new Walk({
      folder: folder.path,
      async *answer(_request, signal) {
        yield { type: "text", delta: "half" };
        await aborted(signal);
        throw new Error("cut");
      },
    });
    await walk.say("hello");
    await walk.wasAsked(1);
    await until("the stream", () => walk.gateway.activeRuns()[0]?.text === "half");
    await walk.gateway.abort({ sessionKey: key });
    expect(await walk.ending("m1")).toMatchObject({ stopReason: "aborted" });
    expect(walk.logged.some((line) => line["message"] === "a turn broke")).toBe(true);
  });
});

describe("a storage that refuses", () => {
  test("a message has it refused, nothing of it kept, and its place is free again", async () => {
    using folder = tempFolder();
    const faulty = refusing();
    await using walk = new Walk({ folder: folder.path, between: faulty.between, limits: { perLane: 1 } });
    faulty.refuse(1);
    await expect(walk.say("hello", { id: "a" })).rejects.toMatchObject({ code: "storageUnavailable" });
    expect(walk.gateway.load()).toEqual({ running: 0, waiting: 0 });
    expect(walk.gateway.activeRuns()).toEqual([]);
    expect(await walk.say("hello", { id: "a" })).toMatchObject({ taken: true, isRepeat: false });
    expect(await walk.ending("a")).toMatchObject({ text: "echo hello" });
  });

  test("an answer ends the turn with a problem, once, as soon as it takes writes again", async () => {
    using folder = tempFolder();
    const faulty = refusing();
    await using walk = new Walk({
      folder: folder.path,
      between: faulty.between,
      answer: (request) => {
        if (lastText(request) === "hello") faulty.refuse(2); // the answer, and the first try of the ending
        return echo(request);
      },
    });
    await walk.say("hello");
    expect(await walk.ending("m1")).toMatchObject({ stopReason: "error", problem: { kind: "storageUnavailable" } });
    expect(faulty.left()).toBe(0);
    await walk.say("again");
    expect(await walk.ending("m2")).toMatchObject({ text: "echo again" });
    expect(await walk.endings()).toHaveLength(2);
  });

  test("because there is no room for the answer: the ending that says so has room, and the next start knows it", async () => {
    using folder = tempFolder();
    {
      await using walk = new Walk({
        folder: folder.path,
        mostBytes: 200_000,
        answer: () => says("x".repeat(400_000)),
      });
      await walk.say("hello");
      expect(await walk.ending("m1")).toMatchObject({ stopReason: "error", problem: { kind: "storageUnavailable" } });
    }
    await using walk = new Walk({ folder: folder.path });
    expect(await walk.recovered()).toEqual({ resumed: 0, ended: 0 });
    expect(await walk.say("hello", { id: "m1" })).toMatchObject({ isRepeat: true, status: "error" });
  });

  test("every ending leaves the turn open, and stopping does not wait for it; the next start takes it up", async () => {
    using folder = tempFolder();
    {
      using random = spyOn(Math, "random");
      random.mockReturnValue(1); // the longest waits there are: 500 ms after the second try
      const faulty = refusing();
      const walk = new Walk({
        folder: folder.path,
        between: faulty.between,
        answer: (request) => {
          faulty.refuse(Infinity);
          return echo(request);
        },
      });
      await walk.say("hello");
      const tries = () => walk.logged.filter((line) => String(line["message"]).includes("could not be written"));
      await until("a second try", () => tries().length === 2);
      const begin = performance.now();
      await walk[Symbol.asyncDispose]();
      expect(performance.now() - begin).toBeLessThan(400);
    }
    await using walk = new Walk({ folder: folder.path });
    expect(await walk.recovered()).toEqual({ resumed: 1, ended: 0 });
    expect(await walk.ending("m1")).toMatchObject({ text: "echo hello" });
    expect(await walk.endings()).toHaveLength(1);
  });
});

describe("recovery", () => {
  test("goes on with what was cut off, in the order in which it was said, before what is new", async () => {
    using folder = tempFolder();
    await cutOff({ folder: folder.path }, ["one", "two", "three"]);
    await using walk = new Walk({ folder: folder.path });
    const [recovered, receipt] = await Promise.all([
      walk.recovered(),
      walk.say("new", { id: "n" }),
      walk.gateway.abort({ sessionKey: "agent:main:other" }),
    ]);
    expect(recovered).toEqual({ resumed: 3, ended: 0 });
    expect(receipt).toMatchObject({ taken: true, isRepeat: false });
    await walk.ending("n");
    expect(walk.asked.map((request) => shown(request).at(-1))).toEqual([
      "user: one",
      "user: two",
      "user: three",
      "user: new",
    ]);
    expect((await walk.endings()).map((ending) => ending.text)).toEqual([
      "echo one",
      "echo two",
      "echo three",
      "echo new",
    ]);
  });

  test("tells the model that the outcome of a tool is unknown, and does not run it again", async () => {
    using folder = tempFolder();
    const ran: string[] = [];
    const never = Promise.withResolvers<never>();
    const tools: TurnTools = {
      ...noTools,
      run: async ({ id }, signal) => {
        ran.push(id);
        if (id === "c2") await Promise.race([never.promise, aborted(signal)]);
        return { text: `did ${id}`, durationMs: 1 };
      },
    };
    {
      await using walk = new Walk({
        folder: folder.path,
        tools,
        answer: () => calls(["c1", "do", {}], ["c2", "do", {}]),
      });
      await walk.say("work");
      await until("the second call", () => ran.includes("c2"));
      walk.freeze(); // as kill -9: nothing more reaches the disk
    }
    await using walk = new Walk({ folder: folder.path, tools, answer: () => says("done") });
    await walk.recovered();
    await walk.ending("m1");
    expect(ran).toEqual(["c1", "c2"]);
    expect(shown(walk.asked[0]).slice(-2)).toEqual([
      "tool: did c1",
      "tool: Outcome unknown: the gateway stopped while this ran. Look before you repeat it.",
    ]);
    const results = (await walk.log()).filter((event) => event.kind === "ToolResult");
    expect(results.map(({ callId, success }) => [callId, success])).toEqual([
      ["c1", true],
      ["c2", false],
    ]);
  });

  test("does again what may be done twice, and only that, before the model goes on", async () => {
    using folder = tempFolder();
    const ran: string[] = [];
    const effects: Readonly<Record<string, ToolEffect>> = { look: "none", put: "idempotent", pay: "once" };
    const tools: TurnTools = {
      ...noTools,
      effectOf: (name) => effects[name] ?? "once",
      run: async ({ name }, signal) => {
        ran.push(name);
        if (ran.length === 1 || name === "pay") await aborted(signal);
        return { text: `did ${name}`, durationMs: 1 };
      },
    };
    const lives = [calls(["1", "look", {}], ["2", "put", {}]), calls(["3", "pay", {}]), says("done")];
    for (const [life, answer] of lives.entries()) {
      await using walk = new Walk({ folder: folder.path, tools, answer: () => answer });
      if (life === 0) await walk.say("work");
      else await walk.recovered();
      if (life === 0) await until("the first tool", () => ran.length === 1);
      if (life === 1) await until("the last tool", () => ran.includes("pay"));
      if (life === 2) await walk.ending("m1");
      walk.freeze();
    }
    expect(ran).toEqual(["look", "look", "put", "pay"]);
  });

  test("leaves no call without a result where a turn ends that was taken up too often", async () => {
    using folder = tempFolder();
    const ran: string[] = [];
    const tools: TurnTools = {
      ...noTools,
      effectOf: () => "idempotent",
      run: async ({ id }, signal) => {
        ran.push(id);
        await aborted(signal);
        return { text: "too late", durationMs: 1 };
      },
    };
    const options: WalkOptions = { folder: folder.path, tools, answer: () => calls(["c1", "put", {}]) };
    for (const life of [1, 2, 3]) {
      await using walk = new Walk(options);
      if (life === 1) await walk.say("work");
      else await walk.recovered();
      await until("the tool", () => ran.length === life);
      walk.freeze();
    }
    await using walk = new Walk(options);
    expect(await walk.recovered()).toEqual({ resumed: 0, ended: 1 });
    const results = (await walk.log()).filter((event) => event.kind === "ToolResult");
    expect(results).toMatchObject([
      { callId: "c1", success: false, result: expect.stringContaining("Outcome unknown") },
    ]);
  });

  test("takes a turn up twice and no more; then it ends visibly", async () => {
    using folder = tempFolder();
    const options: WalkOptions = {
      folder: folder.path,
      answer: (_request, signal) => sayAndHang("thinking", signal),
    };
    await cutOff(options, ["poison"]);
    for (const life of [1, 2]) {
      await using walk = new Walk(options);
      expect(await walk.recovered(), `life ${life}`).toEqual({ resumed: 1, ended: 0 });
      await walk.wasAsked(1);
    }
    await using walk = new Walk(options);
    expect(await walk.recovered()).toEqual({ resumed: 0, ended: 1 });
    expect(await walk.ending("m1")).toMatchObject({ stopReason: "error", problem: { kind: "interrupted" } });
    expect(walk.asked).toEqual([]);
    expect(await walk.storage.openRuns()).toEqual([]);
  });

  test("waits with what there is no room for, and takes nothing new of that session meanwhile", async () => {
    using folder = tempFolder();
    await cutOff({ folder: folder.path }, ["one", "two", "three"]);
    const gates = new Gates();
    await using walk = new Walk({ folder: folder.path, answer: gates.answer, limits: { perLane: 2 } });
    const { owed, done } = await walk.gateway.recover();
    expect(owed).toBe(3);
    await walk.wasAsked(1);
    expect(await walk.say("new", { id: "n" })).toEqual({ taken: false, because: "laneFull" });
    expect(await walk.say("three", { id: "m3" })).toMatchObject({ taken: true, isRepeat: true });
    gates.open("one");
    await walk.ending("m1");
    expect(await walk.say("new", { id: "n" })).toEqual({ taken: false, because: "laneFull" }); // the room is the third's
    for (const text of ["two", "three"]) gates.open(text);
    expect(await done).toEqual({ resumed: 3, ended: 0 });
    await walk.ending("m3");
    expect((await walk.endings()).map((ending) => ending.text)).toEqual(["echo one", "echo two", "echo three"]);
  });

  test("takes up a few sessions at a time, and one that is spoken to at once, however many are owed", async () => {
    using folder = tempFolder();
    const keys = Array.from({ length: 500 }, (_, i) => `agent:main:s${i}`);
    {
      await using walk = new Walk({ folder: folder.path, limits: { running: 1, waiting: 1_000 } });
      walk.asked.length = 0;
      for (const sessionKey of keys) await walk.storage.append(received(sessionKey));
    }
    const gates = new Gates();
    let now = 0;
    let most = 0;
    const answer: Answer = async function* (request, signal) {
      most = Math.max(most, ++now);
      if (walk.asked.length <= 4) yield* gates.answer(request, signal);
      else yield* echo(request);
      now--;
    };
    await using walk: Walk = new Walk({ folder: folder.path, answer, limits: { running: 8 } });
    const { owed, done } = await walk.gateway.recover();
    expect(owed).toBe(500);
    await walk.wasAsked(4);
    expect(walk.gateway.activeRuns()).toHaveLength(4);
    await walk.say("new", { id: "n", sessionKey: "agent:main:s499" });
    expect(await walk.ending("n", "agent:main:s499")).toMatchObject({ text: "echo new" });
    expect(await walk.endings("agent:main:s499")).toHaveLength(2);
    expect(await walk.endings("agent:main:s250")).toEqual([]);
    gates.open("old");
    expect(await done).toEqual({ resumed: 500, ended: 0 });
    await until("all endings", async () => (await walk.storage.openRuns()).length === 0);
    expect(most).toBe(5); // four of the old ones, and the one that was spoken to
  }, 30_000);

  test("of a reset or deleted session does not happen", async () => {
    using folder = tempFolder();
    await cutOff({ folder: folder.path }, ["one"]);
    await using walk = new Walk({ folder: folder.path });
    const [recovered] = await Promise.all([walk.recovered(), walk.gateway.resetSession(key)]);
    expect(recovered).toEqual({ resumed: 1, ended: 0 });
    expect((await walk.log()).map((event) => event.kind)).toEqual(["SessionStarted"]);
    expect(await walk.storage.openRuns()).toEqual([]);
    expect(walk.gateway.activeRuns()).toEqual([]);
  });

  test("of a turn that still waited for room when its session was reset does not happen", async () => {
    using folder = tempFolder();
    await cutOff({ folder: folder.path }, ["one", "two"]);
    const gates = new Gates();
    await using walk = new Walk({ folder: folder.path, answer: gates.answer, limits: { perLane: 1 } });
    const { done } = await walk.gateway.recover();
    await walk.wasAsked(1);
    await walk.gateway.resetSession(key);
    expect(await done).toEqual({ resumed: 1, ended: 0 });
    expect((await walk.log()).map((event) => event.kind)).toEqual(["SessionStarted"]);
    expect(walk.asked).toHaveLength(1);
  });

  test("is not stopped by one session that is damaged", async () => {
    using folder = tempFolder();
    await cutOff({ folder: folder.path }, ["one"]);
    await cutOff({ folder: folder.path }, ["two"], "agent:main:other");
    await using walk = new Walk({
      folder: folder.path,
      between: (storage) =>
        over(storage, {
          events: async (sessionId, range) => {
            const events = await storage.events(sessionId, range);
            if (JSON.stringify(events).includes('"one"')) throw new Error("the log is damaged");
            return events;
          },
        }),
    });
    expect(await walk.recovered()).toEqual({ resumed: 1, ended: 0 });
    expect(await walk.ending("m1-other", "agent:main:other")).toMatchObject({ text: "echo two" });
    expect(walk.logged).toContainEqual(expect.objectContaining({ level: "error", key }));
  });
});

/** A session with one message that has no answer. */
function received(sessionKey: string): Append {
  const from = { channel: "webchat", chat: sessionKey };
  const event = { kind: "MessageReceived", runId: sessionKey, messageId: sessionKey, from, sender: "u" } as const;
  return opening(`id-${sessionKey}`, sessionKey, [{ ...event, text: "old" }]);
}

/** Leaves these messages in the log as a crash does: received and not answered. */
async function cutOff(options: WalkOptions, texts: readonly string[], sessionKey = key): Promise<void> {
  await using walk = new Walk({ ...options, answer: (_request, signal) => sayAndHang("half", signal) });
  const suffix = sessionKey === key ? "" : "-other";
  for (const [i, text] of texts.entries()) await walk.say(text, { id: `m${i + 1}${suffix}`, sessionKey });
  await walk.wasAsked(1);
}

/** A storage that refuses the next so many appends, as a full disk does. */
function refusing() {
  const state = { left: 0 };
  return {
    refuse: (count: number) => {
      state.left = count;
    },
    left: () => state.left,
    between: (storage: Storage) =>
      over(storage, {
        append: async (append) => {
          if (state.left <= 0) return storage.append(append);
          state.left--;
          throw fault.storageUnavailable({ problem: "the disk is full" });
        },
      }),
  };
}
