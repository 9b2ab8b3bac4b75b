import { Lru } from "#base";
import type { ReplyTicket } from "#channels";
import type { OutboxRow } from "#storage";
import { isFirstPiece } from "./pieces.ts";

const mostTickets = 500;

/**
 * What platforms gave for one answer to a message of theirs, like a slash command that shows that we think until then. In
 * memory alone, as they are secrets that are good for minutes: without one the answer is a message like any other.
 */
export class Tickets {
  readonly #held = new Lru<string, ReplyTicket>({ budget: mostTickets });

  hold(runId: string, ticket: ReplyTicket): void {
    this.#held.set(runId, ticket);
  }

  has(runId: string): boolean {
    return this.#held.get(runId) !== undefined;
  }

  /** For the first piece alone; the same in each of its tries. */
  for({ id, runId }: Pick<OutboxRow, "id" | "runId">): { readonly ticket?: ReplyTicket } {
    const ticket = runId === undefined || !isFirstPiece(id) ? undefined : this.#held.get(runId);
    return ticket ? { ticket } : {};
  }
}
