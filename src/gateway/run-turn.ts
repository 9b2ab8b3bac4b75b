import { finishCalls, takeTurn, type TurnTools } from "#agent";
import { describeError, failPoint, newId, nextTurn } from "#base";
import { Fault, type SessionEvent } from "#protocol";
import type { SessionState } from "#sessions";
import { delivery, endAborted, endBadly } from "./ending.ts";
import type { House } from "./house.ts";
import { resultsOwed } from "./open-calls.ts";
import type { Prompts } from "./prompts.ts";
import { pictureReader } from "./read-picture.ts";
import type { Run } from "./run.ts";

interface Turn {
  readonly house: House;
  readonly run: Run;
  readonly prompts: Prompts;
}

/**
 * Pulls one event at a time from the agent and puts each on disk before it asks for the next. Whatever happens, the log
 * ends the turn: with an answer, or with why there is none. The exception is a gateway that stops: such a turn stays open
 * in the log, and the next start takes it up again.
 */
export async function runTurn(house: House, run: Run, prompts: Prompts): Promise<void> {
  try {
    await nextTurn(); // whoever brought its message, and the others that are on disk with it, hears of that first
    const state = await house.sessions.state(run.sessionKey);
    failPoint("gateway.turn.begun");
    if (!state) return; // the session was deleted while this waited
    if (run.stopCause === "asked") return await endAborted(house, run);
    await converse({ house, run, prompts }, state);
  } catch (error) {
    const incident = newId();
    house.log.error("a turn broke", { incident, runId: run.runId, error: describeError(error) });
    if (run.closing.aborted) return;
    if (run.stopCause === "asked") return endAborted(house, run);
    await endBadly(house, run, {
      kind: error instanceof Fault ? error.code : "internal",
      message: error instanceof Fault ? error.message : `Something broke on our side (incident ${incident}).`,
    });
  }
}

async function converse({ house, run, prompts }: Turn, state: SessionState): Promise<void> {
  const prepared = await house.prepareTurn({ ...state.summary.settings, agentId: state.agentId });
  if (!prepared.ready) return endBadly(house, run, prepared.problem);

  failPoint("gateway.turn.prepared");
  const { timeoutMs, ...turn } = prepared;
  const timer = setTimeout(() => run.stop("timeout"), timeoutMs);
  try {
    const known = (await finishOpenCalls(house, run, turn.tools)) ?? state;
    const conversation = known.conversationUpTo(run.runId);
    const readPicture = pictureReader(house);
    const input = { ...turn, runId: run.runId, sessionId: known.id, conversation, readPicture };
    let askedAt = house.clock.now();
    let isFirst = true;
    for await (const event of takeTurn(input, run.signal)) {
      if (event.type === "delta") {
        run.said(event.delta);
        failPoint("gateway.turn.delta");
        house.sessions.stream(run.sessionKey, event.delta);
        continue;
      }
      const prompt = isFirst ? { prompt: { hash: prompts.keep(turn), upTo: known.headSeq } } : {};
      const events = asEnded(event.events, run, timeoutMs).map((one) =>
        one.kind === "AgentResponse" ? { ...one, askedAt, ...prompt } : one,
      );
      if (events.length === 0) return;
      isFirst = false;
      const owed = await delivery(house, run, events);
      failPoint("gateway.turn.event");
      await house.sessions.append(run.sessionKey, events, owed);
      failPoint("gateway.turn.recorded");
      run.endStep();
      askedAt = house.clock.now(); // after the results of tools the model is asked again
    }
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The session after what a crash had cut off; undefined when nothing had been. A turn that was stopped meanwhile will not
 * do the rest; one that the closing gateway stopped leaves it to the next start.
 */
async function finishOpenCalls(house: House, run: Run, tools: TurnTools): Promise<SessionState | undefined> {
  if (run.unfinished.length === 0) return undefined;
  for await (const result of finishCalls(tools, run.unfinished, run.signal)) {
    failPoint("recovery.call.finished");
    await house.sessions.append(run.sessionKey, [result]);
  }
  if (run.signal.aborted && run.stopCause !== "closing") {
    const owed = await resultsOwed(house, run);
    if (owed.length > 0) await house.sessions.append(run.sessionKey, owed);
  }
  return house.sessions.state(run.sessionKey);
}

/** A turn that was stopped says so by the cause; one that the closing gateway stopped says nothing, and stays open. */
function asEnded(events: readonly SessionEvent[], run: Run, timeoutMs: number): readonly SessionEvent[] {
  const last = events.at(-1);
  if (last?.kind !== "AgentResponse" || last.stopReason !== "aborted" || run.stopCause === "asked") return events;
  if (run.stopCause === "closing") return events.slice(0, -1);
  const problem = { kind: "timeout", message: `The turn took longer than ${timeoutMs / 1_000} seconds.` };
  return [...events.slice(0, -1), { ...last, stopReason: "error", problem }];
}
