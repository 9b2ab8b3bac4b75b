import { expect, test } from "bun:test";
import { join } from "node:path";
import { silentLog, systemClock } from "#base";
import { addUsage, type ConversationMessage, noUsage, type SessionEvent } from "#protocol";
import { createSessions, type Sessions } from "#sessions";
import type { Storage } from "#storage";
import { answered, openSqliteFile, received, tempFolder } from "../support/storage.ts";

/** What a session should be, told without windows, caches, projections or transactions. */
interface Model {
  settings: Record<string, string>;
  /** All events after `SessionStarted`. */
  events: SessionEvent[];
  openRuns: { runId: string; owed: string[] }[];
}

const steps = 120;
const keys = ["agent:main:main", "agent:main:telegram:direct:1", "agent:b:slack:group:c", "agent:main:cron:x"];

test("a random walk over sessions ends where a simple model ends", async () => {
  const seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));
  const walk = new Walk(seed);
  using folder = tempFolder();
  const path = join(folder.path, "state.db");
  const models = new Map<string, Model>();
  let house = openHouse(path);
  try {
    for (let step = 0; step < steps; step++) {
      const pending: Promise<unknown>[] = [];
      for (let i = walk.below(6); i >= 0; i--) pending.push(act(house.sessions, models, walk));
      if (walk.below(2) === 0) await Promise.all(pending);
      if (walk.below(25) === 0) {
        await house.close();
        await Promise.all(pending);
        house = openHouse(path);
      }
      await Promise.all(pending);
      const key = walk.one(keys);
      await compare(house, key, models.get(key));
    }
    for (const key of keys) await compare(house, key, models.get(key));
  } catch (error) {
    throw new Error(`the walk with SEED=${seed} went astray`, { cause: error });
  } finally {
    await house.close();
  }
}, 60_000);

/** Changes the model at once; the promise is the change of the real thing. */
function act(sessions: Sessions, models: Map<string, Model>, walk: Walk): Promise<unknown> {
  const key = walk.one(keys);
  const model = models.get(key);
  const dice = walk.below(20);
  if (dice === 0) {
    models.delete(key);
    return sessions.delete(key);
  }
  if (dice === 1) {
    const settings = Object.entries(model?.settings ?? {});
    const events = settings.map(([name, value]): SessionEvent => ({ kind: "StateChanged", key: name, value }));
    if (model) models.set(key, { settings: model.settings, events, openRuns: [] });
    return sessions.reset(key);
  }
  if (dice < 5) return patch(sessions, model, { key, walk });
  const grown = model ?? { settings: {}, events: [], openRuns: [] };
  models.set(key, grown);
  const events = Array.from({ length: 1 + walk.below(3) }, () => nextEvent(grown, walk));
  grown.events.push(...events);
  return sessions.append(key, events);
}

async function patch(
  sessions: Sessions,
  model: Model | undefined,
  { key, walk }: { key: string; walk: Walk },
): Promise<void> {
  const name = walk.one(["label", "model"]);
  const value = walk.below(3) === 0 ? null : `v${walk.below(4)}`;
  if (!model) {
    await expect(sessions.patch(key, { [name]: value })).rejects.toMatchObject({ code: "sessionNotFound" });
    return;
  }
  if ((model.settings[name] ?? null) !== value) {
    const { [name]: _old, ...rest } = model.settings;
    model.settings = value === null ? rest : { ...rest, [name]: value };
    model.events.push({ kind: "StateChanged", key: name, value });
  }
  await sessions.patch(key, { [name]: value });
}

function nextEvent(model: Model, walk: Walk): SessionEvent {
  const [run] = model.openRuns;
  if (!run || walk.below(3) === 0) {
    const runId = `run-${walk.count()}`;
    model.openRuns.push({ runId, owed: [] });
    return received(runId, `question of ${runId}`);
  }
  const callId = run.owed.shift();
  if (callId !== undefined)
    return { kind: "ToolResult", runId: run.runId, callId, tool: "t", success: true, result: callId, durationMs: 1 };
  if (walk.below(2) === 0) {
    const toolCalls = Array.from({ length: 1 + walk.below(2) }, () => ({
      id: `call-${walk.count()}`,
      name: "t",
      args: {},
    }));
    run.owed.push(...toolCalls.map((call) => call.id));
    return answered(run.runId, `thinking about ${run.runId}`, { stopReason: "toolUse", toolCalls });
  }
  model.openRuns.shift();
  return answered(run.runId, `answer to ${run.runId}`);
}

async function compare(house: House, key: string, model: Model | undefined): Promise<void> {
  const state = await house.sessions.state(key);
  if (!model) return expect(state).toBeUndefined();
  const events = await Array.fromAsync(house.sessions.events(key));
  expect(events.slice(1).map(({ event }) => event)).toEqual(model.events);
  expect(state?.headSeq).toBe(model.events.length + 1);
  expect(state?.summary.settings).toEqual(model.settings);
  const said = model.events.filter((event) => event.kind !== "StateChanged");
  expect(state?.summary.messageCount).toBe(said.length);
  const answers = said.filter((event) => event.kind === "AgentResponse");
  expect(state?.summary.usage).toEqual(answers.reduce((sum, answer) => addUsage(sum, answer.usage), noUsage));
  const { rows, hasMore } = await house.sessions.history(key, { limit: 1_000 });
  expect([rows.length, hasMore]).toEqual([said.length, false]);
  expect(state?.conversation ?? []).toEqual(expectedConversation(model));
  const open = (await house.storage.openRuns()).filter((run) => run.key === key).map((run) => run.runId);
  expect(open).toEqual(model.openRuns.map((run) => run.runId));
  const listed = (await house.sessions.list({ limit: 10 })).find((listing) => listing.key === key);
  expect(listed?.summary).toEqual(state?.summary);
}

/** Turn by turn: as long as a turn is the first that is not finished, nothing of a later one but its question is there. */
function expectedConversation({ events }: Model): ConversationMessage[] {
  const runIds = events.flatMap((event) => (event.kind === "MessageReceived" ? [event.runId] : []));
  return runIds.flatMap((runId) =>
    events.flatMap((event): ConversationMessage[] => {
      if (!("runId" in event) || event.runId !== runId) return [];
      if (event.kind === "MessageReceived") return [{ role: "user", text: event.text }];
      if (event.kind !== "AgentResponse") return [];
      const { text, toolCalls } = event;
      return [{ role: "assistant", text, toolCalls }, ...toolCalls.map((call) => resultFor(events, call.id))];
    }),
  );
}

function resultFor(events: readonly SessionEvent[], callId: string): ConversationMessage {
  const found = events.some((event) => event.kind === "ToolResult" && event.callId === callId);
  const text = found ? callId : "outcome unknown: the gateway stopped while this ran";
  return { role: "tool", callId, name: "t", text, failed: !found };
}

interface House {
  readonly sessions: Sessions;
  readonly storage: Storage;
  readonly close: () => Promise<void>;
}

/** So little memory that two sessions are hardly remembered at once. */
function openHouse(path: string): House {
  const storage = openSqliteFile(path);
  const sessions = createSessions({ storage, log: silentLog, clock: systemClock, cacheBytes: 20_000 });
  const close = async () => {
    await sessions[Symbol.asyncDispose]();
    await storage[Symbol.asyncDispose]();
  };
  return { sessions, storage, close };
}

/** Random numbers that a seed repeats: mulberry32. */
class Walk {
  #state: number;
  #count = 0;

  constructor(seed: number) {
    this.#state = seed;
  }

  below(bound: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % bound;
  }

  one<T>(list: readonly [T, ...T[]] | readonly T[]): T {
    const found = list[this.below(list.length)];
    if (found === undefined) throw new Error("nothing to choose from");
    return found;
  }

  count(): number {
    this.#count += 1;
    return this.#count;
  }
}
