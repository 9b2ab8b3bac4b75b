import { type Clock, Lru, newToken, Secret } from "#base";
import type { ReplyTicket } from "../update.ts";

const mostTickets = 500;
/** Slack takes five answers to one command or click, within half an hour; a little less is promised. */
const mostUses = 5;
const ticketMs = 29 * 60_000;

interface Ticket {
  readonly chat: string;
  readonly url: Secret;
  readonly until: number;
  usesLeft: number;
}

/** What came where commands and clicks may be answered although the bot is no member there. In memory alone: each is a secret. */
export class Tickets {
  readonly #clock: Clock;
  readonly #open = new Lru<string, Ticket>({ budget: mostTickets });

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  take(url: string, chat: string): ReplyTicket {
    const token = newToken();
    const until = this.#clock.elapsed() + ticketMs;
    this.#open.set(token, { chat, url: new Secret(url), until, usesLeft: mostUses });
    return { token };
  }

  /** One use of it; undefined when it is over, used up, or of another chat. */
  use(reply: ReplyTicket | undefined, chat: string): Secret | undefined {
    const found = reply && this.#open.get(reply.token);
    if (!found || found.chat !== chat || found.usesLeft === 0) return undefined;
    if (found.until <= this.#clock.elapsed()) return undefined;
    found.usesLeft--;
    return found.url;
  }

  /** Slack did not count that use. */
  giveBack({ token }: ReplyTicket): void {
    const found = this.#open.get(token);
    if (found) found.usesLeft++;
  }
}
