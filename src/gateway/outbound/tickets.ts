import { Lru } from "#base";
import type { ReplyTicket } from "#channels";
import type { OutboxRow } from "#storage";

const mostTickets = 500;

/**
 * What platforms gave for answers to a message of theirs, like a slash command that shows that we think until then. In
 * memory alone, as they are secrets that are good for minutes: without one the answer is a message like any other.
 */
export class Tickets {
  readonly #held = new Lru<string, ReplyTicket>({ budget: mostTickets });

  hold(runId: string, ticket: ReplyTicket): void {
    this.#held.set(runId, ticket);
  }

  /** The same for each piece of the answer and each of its tries: its channel knows for how many it is good. */
  for({ runId }: Pick<OutboxRow, "runId">): { readonly ticket?: ReplyTicket } {
    const ticket = runId === undefined ? undefined : this.#held.get(runId);
    return ticket ? { ticket } : {};
  }
}
