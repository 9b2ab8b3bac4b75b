import { expect } from "bun:test";
import { pause, silentLog, systemClock } from "#base";
import { type ModelEvent, type ModelRequest, type OpenSettings, type Provider, providers } from "#providers";

export type Api = (typeof providers)[number]["api"];

/** A provider, opened as the settings say, whose waits before a retry are written down instead of being waited. */
export async function openProvider(
  api: Api,
  settings: Partial<OpenSettings> = {},
): Promise<{ readonly provider: Provider; readonly pauses: readonly number[] }> {
  const kind = providers.find((candidate) => candidate.api === api);
  if (!kind) throw new Error(`there is no provider ${api}`);
  const pauses: number[] = [];
  const provider = await kind.open(
    { id: "fake", headers: {}, models: [], timeoutSeconds: 10, ...settings },
    {
      log: silentLog,
      clock: systemClock,
      pause: (ms, signal) => {
        pauses.push(ms);
        return pause(0, signal);
      },
    },
  );
  return { provider, pauses };
}

export const neverAborted = new AbortController().signal;

export function newRequest(request: Partial<ModelRequest> = {}): ModelRequest {
  return {
    model: "some-model",
    system: "You are a test.",
    messages: [{ role: "user", text: "hello" }],
    tools: [],
    maxTokens: 100,
    sessionId: "session-1",
    ...request,
  };
}

/** All events of one answer, which must be parts and then exactly one ending. */
export async function ask(
  provider: Provider,
  request: Partial<ModelRequest> = {},
  onEvent: (event: ModelEvent) => void = () => {},
): Promise<ModelEvent[]> {
  const events: ModelEvent[] = [];
  for await (const event of provider.stream(newRequest(request), neverAborted)) {
    events.push(event);
    onEvent(event);
  }
  expect(events.filter((event) => event.type === "done" || event.type === "failed")).toHaveLength(1);
  expect(["done", "failed"]).toContain(events.at(-1)?.type ?? "nothing");
  return events;
}

export function textOf(events: readonly ModelEvent[]): string {
  return events.map((event) => (event.type === "text" ? event.delta : "")).join("");
}

export function thinkingOf(events: readonly ModelEvent[]): string {
  return events.map((event) => (event.type === "thinking" ? event.delta : "")).join("");
}

export function callsOf(events: readonly ModelEvent[]) {
  return events.filter((event) => event.type === "toolCall");
}

export function doneOf(events: readonly ModelEvent[]) {
  const last = events.at(-1);
  if (last?.type !== "done") throw new Error(`the answer did not end well: ${JSON.stringify(last)}`);
  return last;
}

export function problemOf(events: readonly ModelEvent[]) {
  const last = events.at(-1);
  if (last?.type !== "failed") throw new Error(`the answer did not fail: ${JSON.stringify(last)}`);
  return last.problem;
}
