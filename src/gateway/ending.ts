import { backoffMs, failPoint, newId, pause } from "#base";
import { type Address, type EventOf, Fault, noUsage, type SessionEvent, type TurnProblem } from "#protocol";
import { agentOf, type AppendOptions } from "#sessions";
import type { House } from "./house.ts";
import { resultsOwed } from "./open-calls.ts";
import { rowsFor } from "./outbound/pieces.ts";
import type { Run } from "./run.ts";

/** How often an ending is tried to be written when the storage refuses it; together at most about eight seconds. */
const mostTries = 6;
const backoff = { firstMs: 250, mostMs: 4_000 };

/** Ends a turn without an answer, and with it the calls that it leaves open. A storage that refuses is asked again a few times; then the turn stays open for recovery. */
export function endBadly(house: House, run: Run, problem: TurnProblem): Promise<void> {
  return end(house, run, { stopReason: "error", problem });
}

export function endAborted(house: House, run: Run): Promise<void> {
  return end(house, run, { stopReason: "aborted" });
}

/** Turns that nobody is at and that are open in the log, because their endings could not be written, end before their session does. */
export async function endLeftovers(house: House, sessionKey: string): Promise<void> {
  for (const { runId } of await house.storage.openRuns({ key: sessionKey })) {
    try {
      const last = [...(await resultsOwed(house, { runId, sessionKey })), unanswered(runId, { stopReason: "aborted" })];
      await house.sessions.append(sessionKey, last, { mustExist: true });
    } catch (error) {
      // A log that is damaged says nothing of its calls, and must be possible to leave behind.
      if (!(error instanceof Fault && error.code === "sessionDamaged")) throw error;
      return;
    }
  }
}

async function end(house: House, run: Run, how: How): Promise<void> {
  const event = unanswered(run.runId, how);
  for (let attempt = 1; ; attempt++) {
    try {
      const last = [...(await resultsOwed(house, run)), event];
      await house.sessions.append(run.sessionKey, last, await delivery(house, run, last));
      failPoint("gateway.ending.recorded");
      return;
    } catch (error) {
      const isHopeless = error instanceof Fault && error.code === "sessionDamaged";
      if (isHopeless || attempt === mostTries || run.closing.aborted) throw error;
      house.log.warn("the ending of a turn could not be written; trying again", { runId: run.runId, error });
    }
    await pause(backoffMs(backoff, attempt), run.closing).catch(() => undefined); // cut short by the end, it is tried a last time
  }
}

type How = Pick<EventOf<"AgentResponse">, "stopReason" | "problem">;

/** The ending of a turn in which no model had the last word. */
export function unanswered(runId: string, how: How): SessionEvent {
  return { kind: "AgentResponse", runId, text: "", toolCalls: [], ...how, provider: "", model: "", usage: noUsage };
}

/** The answer goes into the outbox in the same transaction that records it, unless its channel follows the log. */
export async function delivery(
  house: Pick<House, "labelOf" | "lines" | "previews">,
  { runId, from, sessionKey }: Pick<Run, "runId" | "from" | "sessionKey">,
  events: readonly SessionEvent[],
): Promise<AppendOptions> {
  const answer = events.at(-1);
  if (answer?.kind !== "AgentResponse" || answer.stopReason === "toolUse") return {};
  if (isReadInLog(house, from)) return {};
  house.previews.close(runId);
  const label = house.labelOf?.(agentOf(sessionKey), from);
  const rows = await rowsFor(house, { to: from, text: textFor(answer), runId, ...(label !== undefined && { label }) });
  if (rows.length > 0) return { outbox: rows };
  // Nothing to say, and the chat may have seen a part of it: the row that takes that away says nothing.
  return (await house.previews.mayBe(runId)) ? { outbox: [{ id: newId(), runId, to: from, text: "" }] } : {};
}

/** An answer that broke off says why, for a chat could take what there is of it for all. */
function textFor({ text, problem }: EventOf<"AgentResponse">): string {
  return [text, problem?.message ?? ""].filter((part) => part !== "").join("\n\n");
}

/** People of this address read answers in the log. One of a channel that is not open now does not: its answers wait for it. */
export function isReadInLog(house: Pick<House, "lines">, to: Address): boolean {
  return house.lines.find(to)?.channel.followsLog ?? false;
}
