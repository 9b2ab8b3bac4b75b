import { fault } from "#protocol";
import type { House } from "./house.ts";

/** Puts a message that was given up back into the queue, or takes it away; the log says so. Rejects with `deadLetterNotFound`. */
export async function settleDeadLetter(house: House, id: string, as: "replayed" | "dropped"): Promise<void> {
  const [row] = await house.storage.outbox({ limit: 1, id, isDead: true });
  if (!row) throw fault.deadLetterNotFound({ id });
  const value = { outboxId: id, ...(row.runId !== undefined && { runId: row.runId }) };
  const event = { kind: "StateChanged", key: `delivery.${as}`, value } as const;
  await house.sessions.append(row.key, [event], { settles: [{ id, as }], mustExist: true });
}
