import { type EventOf, noUsage, type SessionEvent } from "#protocol";
import type { RunRow } from "#storage";
import type { House } from "./house.ts";

/** A turn is taken up again this often; one that still has no ending then may be what stops the gateway each time. */
const mostResumes = 2;

/** As many events of one turn are looked at; a turn cannot have more than a few for each of its steps. */
const mostEvents = 10_000;

/** Takes a turn up again; false when there is no place for it. */
export type Resume = (turn: {
  readonly message: EventOf<"MessageReceived">;
  readonly key: string;
  readonly startedAt: number;
}) => boolean;

/**
 * What a crash left: turns that were begun and have no ending. Each goes on from what the log says of it, or, after too
 * many tries, ends visibly. Tools that ran when the gateway stopped are not run again: the model is told that their
 * outcome is unknown.
 */
export async function recoverRuns(house: House, resume: Resume): Promise<{ resumed: number; ended: number }> {
  const count = { resumed: 0, ended: 0 };
  for (const row of await house.storage.openRuns()) {
    const isResumed = row.resumed < mostResumes && (await takeUp(house, row, resume));
    if (!isResumed) await house.sessions.append(row.key, [interrupted(row)]);
    count[isResumed ? "resumed" : "ended"]++;
  }
  return count;
}

async function takeUp(house: House, run: RunRow, resume: Resume): Promise<boolean> {
  const range = { after: run.seq - 1, limit: mostEvents, take: "first" } as const;
  const events = (await house.storage.events(run.sessionId, range)).map((stored) => stored.event);
  const message = events.find((event) => event.kind === "MessageReceived" && event.runId === run.runId);
  if (message?.kind !== "MessageReceived") throw new Error(`run ${run.runId} has no message at seq ${run.seq}`);
  await house.sessions.append(run.key, [
    ...openCalls(events, run.runId).map(outcomeUnknown),
    { kind: "StateChanged", key: "run.resumed", value: { runId: run.runId, attempt: run.resumed + 1 } },
  ]);
  return resume({ message, key: run.key, startedAt: run.startedAt });
}

function openCalls(events: readonly SessionEvent[], runId: string): EventOf<"ToolCalled">[] {
  const open = new Map<string, EventOf<"ToolCalled">>();
  for (const event of events) {
    if (event.kind === "ToolCalled" && event.runId === runId) open.set(event.callId, event);
    if (event.kind === "ToolResult" && event.runId === runId) open.delete(event.callId);
  }
  return [...open.values()];
}

function outcomeUnknown({ runId, callId, tool }: EventOf<"ToolCalled">): SessionEvent {
  const result = "Outcome unknown: the gateway stopped while this ran. Look before you repeat it.";
  return { kind: "ToolResult", runId, callId, tool, success: false, result, durationMs: 0 };
}

function interrupted(row: RunRow): SessionEvent {
  return {
    kind: "AgentResponse",
    runId: row.runId,
    text: "",
    toolCalls: [],
    stopReason: "error",
    problem: {
      kind: "interrupted",
      message: "The gateway stopped while it worked on this, and could not finish it afterwards. Please ask again.",
    },
    provider: "",
    model: "",
    usage: noUsage,
  };
}
