import { failPoint } from "#base";
import type { EventOf, SessionEvent } from "#protocol";
import type { RunRow } from "#storage";
import { delivery, unanswered } from "./ending.ts";
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
    try {
      count[await recoverRun(house, row, resume)]++;
    } catch (error) {
      // One damaged session must not keep the gateway from starting.
      house.log.error("a turn could be neither taken up nor ended; it stays open", { runId: row.runId, error });
    }
  }
  return count;
}

async function recoverRun(house: House, row: RunRow, resume: Resume): Promise<"resumed" | "ended"> {
  const events = await eventsSince(house, row);
  failPoint("recovery.run.read");
  const message = events.find((event) => event.kind === "MessageReceived" && event.runId === row.runId);
  if (message?.kind !== "MessageReceived") throw new Error(`run ${row.runId} has no message at seq ${row.seq}`);
  if (row.resumed < mostResumes) {
    await house.sessions.append(row.key, [
      ...openCalls(events, row.runId).map(outcomeUnknown),
      { kind: "StateChanged", key: "run.resumed", value: { runId: row.runId, attempt: row.resumed + 1 } },
    ]);
    failPoint("recovery.run.marked");
    if (resume({ message, key: row.key, startedAt: row.startedAt })) return "resumed";
  }
  const ending = unanswered(row.runId, { stopReason: "error", problem: interrupted });
  await house.sessions.append(row.key, [ending], delivery(house, message, [ending]));
  failPoint("recovery.run.ended");
  return "ended";
}

async function eventsSince(house: House, run: RunRow): Promise<readonly SessionEvent[]> {
  const range = { after: run.seq - 1, limit: mostEvents, take: "first" } as const;
  return (await house.storage.events(run.sessionId, range)).map((stored) => stored.event);
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

const interrupted = {
  kind: "interrupted",
  message: "The gateway stopped while it worked on this, and could not finish it afterwards. Please ask again.",
};
