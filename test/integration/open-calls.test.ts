import { describe, expect, test } from "bun:test";
import type { TurnTools } from "#agent";
import { fault, type SessionEvent } from "#protocol";
import type { Append, Storage } from "#storage";
import type { ToolEffect } from "#tools";
import { calls, says } from "../support/scripted-provider.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { until } from "../support/until.ts";
import { aborted, Gates, key, lastText, noTools, over, Walk, type WalkOptions } from "../support/walk.ts";

const effects: Readonly<Record<string, ToolEffect>> = { put: "idempotent", pay: "once" };
const wanted = calls(["c1", "put", {}], ["c2", "pay", {}], ["c3", "put", {}]);

/** Tools of one life. `hangs` names the calls that do not end before they are told to. */
function toolsThat(hangs: readonly string[]): TurnTools & { readonly begun: string[] } {
  const begun: string[] = [];
  return {
    ...noTools,
    begun,
    effectOf: (name) => effects[name] ?? "once",
    run: async ({ id }, signal) => {
      begun.push(id);
      if (hangs.includes(id)) await aborted(signal);
      return { text: `did ${id}`, failed: signal.aborted, durationMs: 1 };
    },
  };
}

/** A life that is killed amid that call of a turn that wants three. */
async function killAmid(folder: string, callId: string): Promise<void> {
  const tools = toolsThat([callId]);
  await using walk = new Walk({ folder, tools, answer: () => wanted });
  await walk.say("work", { id: "m1" });
  await until(`the call ${callId}`, () => tools.begun.includes(callId));
  walk.freeze();
}

/** All logs of the session's key, the ended ones first. */
async function logs(storage: Storage): Promise<readonly (readonly SessionEvent[])[]> {
  const live = await storage.sessionByKey(key);
  const rows = [...(await storage.endedSessions(key)), ...(live ? [live] : [])];
  return Promise.all(
    rows.map(async ({ id }) => (await storage.events(id, { limit: 1_000, take: "first" })).map(({ event }) => event)),
  );
}

/** The calls and the ending of the turn, in the order of the log. */
async function story(folder: string): Promise<readonly string[]> {
  await using walk = new Walk({ folder });
  const events = (await logs(walk.storage)).flat();
  return events.flatMap((event) => {
    if (!("runId" in event) || event.runId !== "m1") return [];
    if (event.kind === "ToolCalled") return [`call ${event.callId}`];
    if (event.kind === "ToolResult") return [`result ${event.callId}`];
    return event.kind === "AgentResponse" && event.stopReason !== "toolUse" ? [`ended ${event.stopReason}`] : [];
  });
}

/** How a turn that a crash cut off comes to its end. */
interface Way {
  readonly how: string;
  readonly options?: Partial<WalkOptions>;
  readonly end: (walk: Walk) => Promise<unknown>;
  readonly stopReason: string;
}

/** Refuses so many appends of the results of calls. */
function refusingResults(times: number): NonNullable<WalkOptions["between"]> {
  let left = times;
  return (storage) =>
    over(storage, {
      append: async (append: Append) => {
        if (left > 0 && append.events.some(({ event }) => event.kind === "ToolResult")) {
          left -= 1;
          throw fault.storageUnavailable({ problem: "not now" });
        }
        return storage.append(append);
      },
    });
}

const stopped: readonly Way[] = [
  { how: "is told to stop", end: (walk) => walk.gateway.abort({ sessionKey: key }), stopReason: "aborted" },
  { how: "is stopped by its session's reset", end: (walk) => walk.gateway.resetSession(key), stopReason: "aborted" },
  {
    how: "takes too long",
    options: { timeoutMs: 30 },
    end: (walk) => walk.ending("m1"),
    stopReason: "error",
  },
];

const moments = [
  { when: "before any of its calls is finished", killedAmid: "c1", hangs: ["c1"] },
  { when: "while the last of its calls is done again", killedAmid: "c1", hangs: ["c3"] },
  { when: "while the call after a finished one is done again", killedAmid: "c2", hangs: ["c3"] },
  { when: "when nothing of it is left but the last call", killedAmid: "c3", hangs: ["c3"] },
];

const each = stopped.flatMap((way) => moments.map((moment) => ({ ...way, ...moment })));

describe("a turn that a crash cut off among its calls", () => {
  test.each(each)("and that $how $when has one result for each call, before its one ending", async (one) => {
    using folder = tempFolder();
    await killAmid(folder.path, one.killedAmid);
    {
      const tools = toolsThat(one.hangs);
      await using walk = new Walk({ folder: folder.path, tools, answer: () => says("done"), ...one.options });
      await walk.recovered();
      await until("the call that hangs", () => tools.begun.includes(one.hangs[0] ?? ""));
      await one.end(walk);
      await until("the end of the turn", async () => (await walk.storage.openRuns()).length === 0);
    }
    const lines = await story(folder.path);
    expect(lines.slice(0, 3)).toEqual(["call c1", "call c2", "call c3"]);
    expect(lines.slice(3, 6).toSorted()).toEqual(["result c1", "result c2", "result c3"]);
    expect(lines.slice(6)).toEqual([`ended ${one.stopReason}`]);
  });

  test.each([
    ["stopped", (walk: Walk) => walk.gateway.abort({ sessionKey: key })],
    ["stopped by a reset", (walk: Walk) => walk.gateway.resetSession(key)],
  ])("and is %s before it begins anew has them too", async (_how, stop) => {
    using folder = tempFolder();
    await killAmid(folder.path, "c1");
    {
      const gates = new Gates();
      const limits = { running: 1 };
      await using walk = new Walk({ folder: folder.path, answer: gates.answer, limits });
      await walk.say("another", { id: "b", sessionKey: "agent:main:other" });
      await walk.wasAsked(1);
      await walk.recovered();
      const waiting = walk.gateway.activeRuns().find(({ runId }) => runId === "m1");
      expect(waiting).toMatchObject({ status: "queued" });
      await stop(walk);
    }
    expect(await story(folder.path)).toEqual([
      "call c1",
      "call c2",
      "call c3",
      "result c1",
      "result c2",
      "result c3",
      "ended aborted",
    ]);
  });

  test("and finds no model has them too", async () => {
    using folder = tempFolder();
    await killAmid(folder.path, "c2");
    {
      const problem = { kind: "noModel", message: "There is no model." };
      await using walk = new Walk({ folder: folder.path, prepareTurn: async () => ({ ready: false, problem }) });
      await walk.recovered();
      await walk.ending("m1");
    }
    expect((await story(folder.path)).slice(3)).toEqual(["result c1", "result c2", "result c3", "ended error"]);
  });

  test("leaves the rest of its calls to the next start when the gateway closes amid them", async () => {
    using folder = tempFolder();
    await killAmid(folder.path, "c1");
    const tools = toolsThat(["c1"]);
    {
      await using walk = new Walk({ folder: folder.path, tools });
      await walk.recovered();
      await until("the first call", () => tools.begun.includes("c1"));
    }
    expect(await story(folder.path)).not.toContain("result c3");
    {
      await using walk = new Walk({ folder: folder.path, tools: toolsThat([]), answer: () => says("done") });
      await walk.recovered();
      expect(await walk.ending("m1")).toMatchObject({ text: "done" });
    }
    expect((await story(folder.path)).slice(3)).toEqual(["result c1", "result c2", "result c3", "ended stop"]);
  });
});

test("a turn that a crash cut off, and whose results the storage refuses, ends with a result for each call", async () => {
  using folder = tempFolder();
  await killAmid(folder.path, "c1");
  {
    await using walk = new Walk({ folder: folder.path, tools: toolsThat([]), between: refusingResults(2) });
    await walk.recovered();
    expect(await walk.ending("m1")).toMatchObject({ stopReason: "error" });
  }
  expect((await story(folder.path)).slice(3)).toEqual(["result c1", "result c2", "result c3", "ended error"]);
});

test("a turn whose results the storage refused ends with a result for each call", async () => {
  using folder = tempFolder();
  {
    const answer: WalkOptions["answer"] = (request) => (lastText(request) === "work" ? wanted : says("done"));
    const between = refusingResults(1);
    await using walk = new Walk({ folder: folder.path, tools: toolsThat([]), answer, between });
    await walk.say("work", { id: "m1" });
    expect(await walk.ending("m1")).toMatchObject({ stopReason: "error" });
  }
  expect((await story(folder.path)).slice(3)).toEqual(["result c1", "result c2", "result c3", "ended error"]);
});

test("a turn that nobody could end gets its results and its ending when its session is reset", async () => {
  using folder = tempFolder();
  await killAmid(folder.path, "c2");
  {
    await using walk = new Walk({ folder: folder.path }); // nothing is taken up: its recovery has not begun
    await walk.gateway.resetSession(key);
    expect(await walk.storage.openRuns()).toEqual([]);
  }
  expect((await story(folder.path)).slice(3)).toEqual(["result c1", "result c2", "result c3", "ended aborted"]);
});
