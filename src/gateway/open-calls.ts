import { unknownResult } from "#agent";
import { nextTurn } from "#base";
import type { EventOf, SessionEvent } from "#protocol";
import type { RunRow } from "#storage";
import type { House } from "./house.ts";

const pageEvents = 500;

/** What the log has of one turn. */
export interface TurnInLog {
  readonly message: EventOf<"MessageReceived"> | undefined;
  /** Calls of tools that were asked for and have no result. */
  readonly unfinished: readonly EventOf<"ToolCalled">[];
}

/** Reads a turn from its message on to the end of the log. */
export async function readTurn(house: Pick<House, "sessions">, run: RunRow): Promise<TurnInLog> {
  const open = new Map<string, EventOf<"ToolCalled">>();
  let message: EventOf<"MessageReceived"> | undefined;
  for (let after = run.seq - 1; ;) {
    const page = await house.sessions.read(run, { after, limit: pageEvents, take: "first" });
    for (const { event } of page) {
      if (!("runId" in event) || event.runId !== run.runId) continue;
      if (event.kind === "MessageReceived") message ??= event;
      if (event.kind === "ToolCalled") open.set(event.callId, event);
      if (event.kind === "ToolResult") open.delete(event.callId);
    }
    const last = page.at(-1);
    if (!last || page.length < pageEvents) return { message, unfinished: [...open.values()] };
    after = last.seq;
    await nextTurn();
  }
}

/**
 * Results for the calls that a turn leaves open: they go into the log with whatever ends it, because a call without a
 * result would stand there for ever. Asks the log, which knows more than whoever failed to write to it.
 */
export async function resultsOwed(
  house: Pick<House, "sessions" | "storage">,
  { runId, sessionKey }: { readonly runId: string; readonly sessionKey: string },
): Promise<readonly SessionEvent[]> {
  const open = await house.storage.openRuns({ key: sessionKey });
  const run = open.find((row) => row.runId === runId);
  return run ? (await readTurn(house, run)).unfinished.map(unknownResult) : [];
}
