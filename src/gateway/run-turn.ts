import { takeTurn } from "#agent";
import { backoffMs, describeError, newId } from "#base";
import { type EventOf, Fault, noUsage, type SessionEvent, type TurnProblem } from "#protocol";
import type { AppendOptions, SessionState } from "#sessions";
import type { House } from "./house.ts";
import type { Run } from "./run.ts";

/** How often an ending is tried to be written when the storage refuses it; together about ten seconds. */
const endingTries = 6;
const endingBackoff = { firstMs: 250, mostMs: 4_000 };

/**
 * Pulls one event at a time from the agent and puts each on disk before it asks for the next. Whatever happens, the log
 * ends the turn: with an answer, or with why there is none. The exception is a gateway that stops: such a turn stays open
 * in the log, and the next start takes it up again.
 */
export async function runTurn(house: House, run: Run): Promise<void> {
  try {
    const state = await house.sessions.state(run.sessionKey);
    if (!state) return; // the session was deleted while this waited
    await converse(house, run, state);
  } catch (error) {
    if (run.stopCause === "closing") return;
    const incident = newId();
    house.log.error("a turn broke", { incident, runId: run.runId, error: describeError(error) });
    await endBadly(house, run, {
      kind: error instanceof Fault ? error.code : "internal",
      message: error instanceof Fault ? error.message : `Something broke on our side (incident ${incident}).`,
    });
  }
}

async function converse(house: House, run: Run, state: SessionState): Promise<void> {
  const prepared = await house.prepareTurn(state.summary.settings);
  if (!prepared.ready) return endBadly(house, run, prepared.problem);

  const { timeoutMs, ...turn } = prepared;
  const timer = setTimeout(() => run.stop("timeout"), timeoutMs);
  try {
    const input = { ...turn, runId: run.runId, sessionId: state.id, conversation: state.conversationUpTo(run.runId) };
    for await (const event of takeTurn(input, run.signal)) {
      if (event.type === "delta") {
        run.said(event.delta);
        house.sessions.stream(run.sessionKey, event.delta);
        continue;
      }
      const events = asEnded(event.events, run, timeoutMs);
      if (events.length === 0) return;
      await house.sessions.append(run.sessionKey, events, delivery(house, run, events));
    }
  } finally {
    clearTimeout(timer);
  }
}

/** A turn that was stopped says so by the cause; one that the closing gateway stopped says nothing, and stays open. */
function asEnded(events: readonly SessionEvent[], run: Run, timeoutMs: number): readonly SessionEvent[] {
  const last = events.at(-1);
  if (last?.kind !== "AgentResponse" || last.stopReason !== "aborted" || run.stopCause === "asked") return events;
  if (run.stopCause === "closing") return events.slice(0, -1);
  const problem = { kind: "timeout", message: `The turn took longer than ${timeoutMs / 1_000} seconds.` };
  return [...events.slice(0, -1), { ...last, stopReason: "error", problem }];
}

/** The answer goes into the outbox in the same transaction that records it, unless its channel follows the log. */
function delivery(house: House, run: Run, events: readonly SessionEvent[]): AppendOptions {
  const answer = events.at(-1);
  if (answer?.kind !== "AgentResponse" || answer.stopReason === "toolUse") return {};
  const channel = house.channels.find((open) => open.id === run.from.channel);
  if (!channel || channel.followsLog) return {};
  const text = answer.text || answer.problem?.message || "";
  return text === "" ? {} : { outbox: [{ id: newId(), runId: run.runId, to: run.from, text }] };
}

/** Ends a turn without an answer. A storage that refuses is asked again a few times; then the turn stays open for recovery. */
export async function endBadly(house: House, run: Run, problem: TurnProblem): Promise<void> {
  await endWith(house, run, { stopReason: "error", problem });
}

export async function endAborted(house: House, run: Run): Promise<void> {
  await endWith(house, run, { stopReason: "aborted" });
}

async function endWith(
  house: House,
  run: Run,
  ending: Pick<EventOf<"AgentResponse">, "stopReason" | "problem">,
): Promise<void> {
  const event: SessionEvent = {
    kind: "AgentResponse",
    runId: run.runId,
    text: "",
    toolCalls: [],
    ...ending,
    provider: "",
    model: "",
    usage: noUsage,
  };
  for (let attempt = 1; ; attempt++) {
    try {
      await house.sessions.append(run.sessionKey, [event], delivery(house, run, [event]));
      return;
    } catch (error) {
      if (attempt === endingTries || run.stopCause === "closing") throw error;
      house.log.warn("the ending of a turn could not be written; trying again", { runId: run.runId, error });
      await Bun.sleep(backoffMs(endingBackoff, attempt));
    }
  }
}
