import type { SessionEvent } from "#protocol";
import type { OutboxRow } from "#storage";
import type { Transmission } from "../transmit.ts";

/** What became of one try for a row. `withdrawn`: there was no answer, and what had been shown of one is gone. */
export type Delivered = Transmission | { readonly became: "withdrawn" };

export function eventsOf(
  row: OutboxRow,
  sent: Extract<Delivered, { became: "sent" | "withdrawn" }>,
  isDoubtful: boolean,
): readonly SessionEvent[] {
  if (sent.became === "withdrawn") return [{ kind: "StateChanged", key: "delivery.withdrawn", value: about(row) }];
  return [
    sentEvent(sent.messageId, row),
    ...(sent.isEdit ? [{ kind: "StateChanged" as const, key: "delivery.edited", value: about(row) }] : []),
    ...(isDoubtful || sent.mayBeTwice ? [uncertain(row)] : []),
  ];
}

export function sentEvent(
  messageId: string,
  { runId, to, text }: Pick<OutboxRow, "runId" | "to" | "text">,
): SessionEvent {
  return { kind: "MessageSent", messageId, to, text, ...(runId !== undefined && { runId }) };
}

/** An earlier try of the message may have arrived too, and the platform cannot tell. */
function uncertain(row: OutboxRow): SessionEvent {
  return { kind: "StateChanged", key: "delivery.uncertain", value: { ...about(row), attempts: row.attempts + 1 } };
}

export function givenUp(row: OutboxRow, how: { readonly attempts: number; readonly problem: string }): SessionEvent {
  return { kind: "StateChanged", key: "delivery.failed", value: { ...about(row), to: row.to, ...how } };
}

function about({ id, runId }: OutboxRow) {
  return { outboxId: id, ...(runId !== undefined && { runId }) };
}
