import { Type } from "@sinclair/typebox";
import { Check } from "@sinclair/typebox/value";
import type { MessageTrace, StoredEvent } from "#protocol";
import type { RunRow, SentPlace } from "#storage";
import { inboundScope } from "./arrival.ts";
import { isReadInLog } from "./ending.ts";
import type { ActiveRun } from "./gateway.ts";
import type { House } from "./house.ts";
import { traceOf } from "./trace.ts";

const mostTraces = 10;
const mostEvents = 10_000;
const mostSessions = 10;
const pageEvents = 500;

/** The walks of the messages of that id: a turn's, one that a platform or a caller gave, one that a platform gave to what was sent. */
export async function findTraces(
  house: House,
  id: string,
  activeRuns: readonly ActiveRun[],
): Promise<readonly MessageTrace[]> {
  const sent = await house.storage.sentMessages(id, mostTraces);
  const runs = await runsOf(house, id);
  const traces: MessageTrace[] = [];
  for (const place of sent) {
    const event = await eventAt(house, place);
    if (event?.event.kind !== "MessageSent") continue;
    const { runId } = event.event;
    const run = runId === undefined ? undefined : await house.storage.run(runId);
    if (run) runs.set(run.n, run);
    else traces.push(ownMessage(place, event));
  }
  for (const run of [...runs.values()].slice(0, mostTraces)) traces.push(await traceRun(house, run, activeRuns));
  return traces;
}

async function runsOf(house: House, id: string): Promise<Map<number, RunRow>> {
  const ids = [id];
  for (const line of house.lines.all()) {
    const receipt = await house.storage.receipt(inboundScope({ channel: line.channel.id, account: line.account }), id);
    if (receipt) ids.push(receipt.runId);
  }
  const runs = new Map<number, RunRow>();
  for (const runId of new Set(ids)) {
    const run = await house.storage.run(runId);
    if (run) runs.set(run.n, run);
  }
  return runs;
}

async function traceRun(house: House, run: RunRow, activeRuns: readonly ActiveRun[]): Promise<MessageTrace> {
  const { events, isCut } = await eventsOf(house, run);
  const from = events.find(({ event }) => event.kind === "MessageReceived")?.event;
  return traceOf({
    run,
    events,
    isCut,
    outbox: await house.storage.outbox({ limit: mostTraces, runId: run.runId }),
    active: activeRuns.find(({ runId }) => runId === run.runId),
    followsLog: from?.kind === "MessageReceived" && isReadInLog(house, from.from),
    priceOf: house.priceOf,
  });
}

/**
 * The events of a turn. Its delivery may stand far behind its answer, or, when the session was reset meanwhile, in the one
 * that came after, so the logs are read on, within a bound.
 */
async function eventsOf(
  house: House,
  run: RunRow,
): Promise<{ readonly events: readonly StoredEvent[]; readonly isCut: boolean }> {
  const mine: StoredEvent[] = [];
  let left = mostEvents;
  for (const { sessionId, from } of await logsOf(house, run)) {
    for (let after = from; left > 0;) {
      const page = await house.sessions.read({ key: run.key, sessionId }, { after, limit: pageEvents, take: "first" });
      mine.push(...page.filter((stored) => isOf(run, stored)));
      if (mine.some(({ event }) => event.kind === "MessageSent")) return { events: mine, isCut: false };
      if (page.length < pageEvents) break;
      left -= page.length;
      after = page.at(-1)?.seq ?? after;
    }
  }
  return { events: mine, isCut: left <= 0 };
}

/** The session of the turn from its message on, then those that resets made of it. */
async function logsOf(
  { storage }: House,
  { key, sessionId, seq }: RunRow,
): Promise<readonly { readonly sessionId: string; readonly from: number }[]> {
  const own = { sessionId, from: seq - 1 };
  const live = await storage.sessionByKey(key);
  if (!live || live.id === sessionId) return [own];
  const all = [...(await storage.endedSessions(key)), live].map(({ id }) => id);
  const later = all.slice(all.indexOf(sessionId) + 1).slice(0, mostSessions);
  return [own, ...later.map((id) => ({ sessionId: id, from: 0 }))];
}

const Named = Type.Object({ runId: Type.String() });

function isOf(run: RunRow, stored: StoredEvent): boolean {
  const { event } = stored;
  if ("runId" in event) return event.runId === run.runId;
  if (event.kind === "StateChanged") return Check(Named, event.value) && event.value.runId === run.runId;
  return event.kind === "SessionEnded" && stored.sessionId === run.sessionId && stored.at === run.endedAt;
}

async function eventAt(house: House, { key, sessionId, seq }: SentPlace): Promise<StoredEvent | undefined> {
  const [event] = await house.sessions.read({ key, sessionId }, { after: seq - 1, limit: 1, take: "first" });
  return event;
}

/** A message that somebody sent and that answers none. */
function ownMessage({ key, sessionId }: SentPlace, { at, seq, event }: StoredEvent): MessageTrace {
  const messageId = event.kind === "MessageSent" ? event.messageId : "";
  const over = event.kind === "MessageSent" ? event.to.channel : "";
  return {
    messageId,
    sessionKey: key,
    sessionId,
    state: "delivered",
    isTerminal: true,
    receivedAt: at,
    steps: [{ at, seq, what: "delivered", about: `as ${messageId} over ${over}` }],
    isCut: false,
    waits: { modelMs: 0, toolsMs: 0 },
    models: [],
    costUsd: 0,
    outstanding: [],
  };
}
