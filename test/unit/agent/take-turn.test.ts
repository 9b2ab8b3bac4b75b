import { takeTurn, type TurnEvent, type TurnInput, type TurnTools } from "#agent";
import type { SessionEvent } from "#protocol";
import type { ModelEvent, Provider } from "#providers";
import { expect, test } from "bun:test";
import { calls, says, scriptedProvider } from "../../support/scripted-provider.ts";

const neverAborted = new AbortController().signal;

const noTools: TurnTools = {
  specs: [],
  effectOf: () => "once",
  run: async () => ({ text: "There is no such tool.", failed: true, durationMs: 0 }),
};

function turn(provider: Provider, change: Partial<TurnInput> = {}): TurnInput {
  return {
    runId: "r1",
    sessionId: "s1",
    model: { provider, providerId: "fake", id: "fake-1", contextWindow: 100_000, maxTokens: 1_000 },
    tools: noTools,
    system: "Be brief.",
    conversation: [{ role: "user", text: "hello" }],
    maxSteps: 5,
    ...change,
  };
}

async function recorded(input: TurnInput, signal = neverAborted): Promise<SessionEvent[]> {
  const events: TurnEvent[] = await Array.fromAsync(takeTurn(input, signal));
  return events.flatMap((event) => (event.type === "record" ? event.events : []));
}

test("an answer streams by and is recorded whole", async () => {
  const provider = scriptedProvider([
    { type: "thinking", delta: "hm" },
    { type: "text", delta: "He" },
    { type: "text", delta: "llo." },
    { type: "done", stop: "stop", usage: { input: 7, output: 3, cacheRead: 0, cacheWrite: 0 } },
  ]);
  expect(await Array.fromAsync(takeTurn(turn(provider), neverAborted))).toEqual([
    { type: "delta", delta: { kind: "ThinkingDelta", runId: "r1", text: "hm" } },
    { type: "delta", delta: { kind: "TextDelta", runId: "r1", text: "He" } },
    { type: "delta", delta: { kind: "TextDelta", runId: "r1", text: "llo." } },
    {
      type: "record",
      events: [
        {
          kind: "AgentResponse",
          runId: "r1",
          text: "Hello.",
          thinking: "hm",
          toolCalls: [],
          stopReason: "stop",
          provider: "fake",
          model: "fake-1",
          usage: { input: 7, output: 3, cacheRead: 0, cacheWrite: 0 },
        },
      ],
    },
  ]);
});

test("a tool starts only after its call was recorded, and its result goes back to the model", async () => {
  const provider = scriptedProvider(calls(["c1", "clock", { zone: "UTC" }]), says("Noon."));
  const order: string[] = [];
  const tools: TurnTools = {
    ...noTools,
    async run(call) {
      order.push(`ran ${call.name}`);
      return { text: "12:00", durationMs: 3 };
    },
  };
  for await (const event of takeTurn(turn(provider, { tools }), neverAborted)) {
    if (event.type === "record") order.push(...event.events.map((e) => e.kind));
  }
  expect(order).toEqual(["AgentResponse", "ToolCalled", "ran clock", "ToolResult", "AgentResponse"]);
  expect(provider.asked[1]?.messages).toEqual([
    { role: "user", text: "hello" },
    { role: "assistant", text: "", toolCalls: [{ id: "c1", name: "clock", args: { zone: "UTC" } }] },
    { role: "tool", callId: "c1", name: "clock", text: "12:00", failed: false },
  ]);
});

test("calls that change nothing run beside each other, the others alone and in order", async () => {
  const provider = scriptedProvider(
    calls(["1", "read", {}], ["2", "read", {}], ["3", "write", {}], ["4", "write", {}], ["5", "read", {}]),
    says("done"),
  );
  const running = new Set<string>();
  const seen: string[] = [];
  const tools: TurnTools = {
    ...noTools,
    effectOf: (name) => (name === "read" ? "none" : "once"),
    async run(call) {
      running.add(call.id);
      await Bun.sleep(0);
      seen.push([...running].join("+"));
      running.delete(call.id);
      return { text: "ok", durationMs: 0 };
    },
  };
  const events = await recorded(turn(provider, { tools }));
  expect(seen).toEqual(["1+2", "2", "3", "4", "5"]);
  expect(events.filter((e) => e.kind === "ToolResult").map((e) => e.callId)).toEqual(["1", "2", "3", "4", "5"]);
});

const failure: ModelEvent = { type: "failed", problem: { kind: "network", message: "The line was cut." } };

test.each<[string, ModelEvent[], Partial<SessionEvent>]>([
  ["a model that fails", [failure], { stopReason: "error", problem: failure.problem }],
  [
    "a model that fails amid its answer",
    [{ type: "text", delta: "half" }, failure],
    { text: "half", stopReason: "error", problem: failure.problem },
  ],
  [
    "a model that says nothing",
    [{ type: "done", stop: "stop", usage: { input: 1, output: 0, cacheRead: 0, cacheWrite: 0 } }],
    { stopReason: "error", problem: { kind: "badResponse", message: "The model ended without an answer." } },
  ],
  [
    "an answer that was cut off",
    [
      { type: "text", delta: "long" },
      { type: "done", stop: "length", usage: { input: 1, output: 9, cacheRead: 0, cacheWrite: 0 } },
    ],
    { text: "long", stopReason: "length" },
  ],
])("%s ends the turn in the log", async (_what, script, expected) => {
  const events = await recorded(turn(scriptedProvider(script)));
  expect(events).toHaveLength(1);
  expect(events[0]).toMatchObject({ kind: "AgentResponse", ...expected });
});

test("a call that was cut off with the model is not run", async () => {
  const provider = scriptedProvider([{ type: "toolCall", id: "1", name: "write", args: {} }, failure]);
  const events = await recorded(turn(provider));
  expect(events.map((e) => e.kind)).toEqual(["AgentResponse"]);
  expect(events[0]).toMatchObject({ stopReason: "error", toolCalls: [] });
});

test("a model that never stops calling tools meets the step limit", async () => {
  const provider = scriptedProvider(...Array.from({ length: 9 }, (_, i) => calls([`c${i}`, "again", {}])));
  const events = await recorded(turn(provider, { maxSteps: 3 }));
  expect(provider.asked).toHaveLength(3);
  expect(events.at(-1)).toMatchObject({ stopReason: "error", problem: { kind: "stepLimit" } });
});

test("an abort while the model speaks keeps what was said", async () => {
  const stop = new AbortController();
  const provider: Provider = {
    async *stream() {
      yield { type: "text", delta: "one " };
      stop.abort();
      yield { type: "text", delta: "two " };
      throw new Error("asked for more after an abort");
    },
  };
  const events = await recorded(turn(provider), stop.signal);
  expect(events).toMatchObject([{ kind: "AgentResponse", text: "one two ", stopReason: "aborted" }]);
});

test("an abort while a tool runs still gives every call a result", async () => {
  const stop = new AbortController();
  const tools: TurnTools = {
    ...noTools,
    async run() {
      stop.abort();
      return { text: "cut short", failed: true, durationMs: 1 };
    },
  };
  const provider: Provider = {
    async *stream(_request, signal) {
      if (!signal.aborted) yield* calls(["1", "slow", {}], ["2", "slow", {}]);
    },
  };
  const events = await recorded(turn(provider, { tools }), stop.signal);
  expect(events.filter((e) => e.kind === "ToolResult").map((e) => e.result)).toEqual([
    "cut short",
    "Not run: the turn was aborted before.",
  ]);
  expect(events.at(-1)).toMatchObject({ kind: "AgentResponse", stopReason: "aborted" });
});
