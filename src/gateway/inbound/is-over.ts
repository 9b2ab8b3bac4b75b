import { Type } from "@sinclair/typebox";
import { Check } from "@sinclair/typebox/value";
import type { House } from "../house.ts";
import { type Entry, idOf } from "./entry.ts";
import { joinedRecords } from "./record-kinds.ts";
import type { WaitingRoom } from "./waiting-room.ts";

const Joined = Type.Object({ runId: Type.String() });

/** Has the turn ended that answers this update? What was put aside, or whose session is gone, has none to wait for. */
export async function isOver(
  update: Pick<Entry, "scope" | "updateId">,
  { storage, sessions }: Pick<House, "sessions" | "storage">,
  waiting: Pick<WaitingRoom, "has">,
): Promise<boolean> {
  if (await waiting.has(update)) return false;
  const runId = (await storage.receipt(update.scope, update.updateId))?.runId ?? (await joinedRun(update, storage));
  const run = runId === undefined ? undefined : await sessions.run(runId);
  return run === undefined || run.stopReason !== undefined;
}

async function joinedRun(update: Pick<Entry, "scope" | "updateId">, storage: House["storage"]) {
  const record = await storage.record(joinedRecords, idOf(update));
  const joined: unknown = record && JSON.parse(record.data);
  return Check(Joined, joined) ? joined.runId : undefined;
}
