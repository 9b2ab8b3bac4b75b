import { type Clock, type Log, Lru, newToken, Secret } from "#base";
import type { REST } from "@discordjs/rest";
import { type APIInteraction, InteractionResponseType, InteractionType, Routes } from "discord-api-types/v10";
import type { ReplyTicket } from "../update.ts";
import { ask } from "./rest.ts";

const mostTickets = 500;
/** Discord takes the token of an interaction for a quarter of an hour; a little less is promised. */
const ticketMs = 14 * 60_000;
/** Discord tells the person that we failed after three seconds. */
const acknowledgeMs = 2_000;

export interface Ticket {
  readonly chat: string;
  readonly application: string;
  readonly token: Secret;
  /** A command shows “thinking…” until that message is written; a button shows nothing, and its answer is a message of its own. */
  readonly answers: "original" | "followUp";
}

interface OpenTicket {
  readonly ticket: Ticket;
  readonly until: number;
  /** Whether Discord knows that we have it: it can be answered only then. */
  readonly acknowledge: () => Promise<boolean>;
}

/** The interactions that may still be answered as such, each once. */
export class Tickets {
  readonly #rest: REST;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #signal: AbortSignal;
  readonly #late = new Set<ReturnType<typeof setTimeout>>();
  readonly #open = new Lru<string, OpenTicket>({ budget: mostTickets });

  constructor(options: {
    readonly rest: REST;
    readonly clock: Clock;
    readonly log: Log;
    readonly signal: AbortSignal;
  }) {
    this.#rest = options.rest;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#signal = options.signal;
    this.#signal.addEventListener("abort", () => this.#late.forEach(clearTimeout), { once: true });
  }

  /**
   * Takes an interaction's ticket. `acknowledge` tells Discord that we have it; without it, that is done as late as Discord
   * allows, because a person sees a failure otherwise.
   */
  take(interaction: APIInteraction): { readonly reply: ReplyTicket; readonly acknowledge: () => Promise<boolean> } {
    const name = newToken();
    const isCommand = interaction.type === InteractionType.ApplicationCommand;
    const ticket: Ticket = {
      chat: interaction.channel?.id ?? "",
      application: interaction.application_id,
      token: new Secret(interaction.token),
      answers: isCommand ? "original" : "followUp",
    };
    const started: { acknowledgement?: Promise<boolean> } = {};
    const late = setTimeout(() => void acknowledge(), acknowledgeMs);
    this.#late.add(late);
    const acknowledge = () => {
      clearTimeout(late);
      this.#late.delete(late);
      return (started.acknowledgement ??= this.#acknowledge(interaction, ticket));
    };
    this.#open.set(name, { ticket, until: this.#clock.elapsed() + ticketMs, acknowledge });
    return { reply: { token: name }, acknowledge };
  }

  /** The interaction behind a ticket, while it may be answered and belongs to that chat. */
  async find(reply: ReplyTicket | undefined, chat: string): Promise<Ticket | undefined> {
    const found = reply && this.#open.get(reply.token);
    if (!found || found.until <= this.#clock.elapsed() || found.ticket.chat !== chat) return undefined;
    return (await found.acknowledge()) ? found.ticket : undefined;
  }

  use(reply: ReplyTicket): void {
    this.#open.delete(reply.token);
  }

  async #acknowledge(interaction: APIInteraction, ticket: Ticket): Promise<boolean> {
    const type =
      ticket.answers === "original"
        ? InteractionResponseType.DeferredChannelMessageWithSource
        : InteractionResponseType.DeferredMessageUpdate;
    try {
      const asked = await ask(this.#rest, ["post", Routes.interactionCallback(interaction.id, interaction.token)], {
        auth: false,
        body: { type },
        signal: this.#signal,
      });
      if ("answer" in asked) return true;
      this.#log.warn("Discord did not take our acknowledgement", { problem: asked.refusal.problem });
    } catch (error) {
      if (!this.#signal.aborted) this.#log.warn("Discord's interaction was not acknowledged", { error });
    }
    return false;
  }
}
