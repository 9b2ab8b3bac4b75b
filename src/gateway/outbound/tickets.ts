import { Lru } from "#base";
import type { ReplyTicket } from "#channels";

const mostTickets = 500;

/**
 * What platforms gave for answers to a message of theirs, like a slash command that shows that we think until then. In
 * memory alone, as they are secrets that are good for minutes: without one the answer is a message like any other.
 */
export class Tickets {
  readonly #held = new Lru<string, ReplyTicket>({ budget: mostTickets });

  /** `of`: the run whose answer it is for, or the row of the outbox that no run made. */
  hold(of: string, ticket: ReplyTicket): void {
    this.#held.set(of, ticket);
  }

  /** The same for each piece of the answer and each of its tries: its channel knows for how many it is good. */
  for(of: string): { readonly ticket?: ReplyTicket } {
    const ticket = this.#held.get(of);
    return ticket ? { ticket } : {};
  }
}
