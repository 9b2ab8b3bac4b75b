import { type Clock, type Log, Lru, newToken, Secret } from "#base";
import type { REST, RouteLike } from "@discordjs/rest";
import {
  type APIInteraction,
  type APIInteractionResponse,
  InteractionResponseType,
  InteractionType,
  MessageFlags,
  Routes,
} from "discord-api-types/v10";
import type { ReplyTicket } from "../update.ts";
import { ask } from "./rest.ts";

const mostTickets = 500;
/** Discord takes the token of an interaction for a quarter of an hour; a little less is promised. */
const ticketMs = 14 * 60_000;
/** Discord tells the person that we failed after three seconds. */
const acknowledgeMs = 2_000;

const thinking = { type: InteractionResponseType.DeferredChannelMessageWithSource } as const;
const seen = { type: InteractionResponseType.DeferredMessageUpdate } as const;
/** The same for everybody and whatever the reason: it tells a stranger nothing. */
const silence = {
  type: InteractionResponseType.ChannelMessageWithSource,
  data: { content: "I do not answer this here.", flags: MessageFlags.Ephemeral },
} as const;

export interface Ticket {
  readonly chat: string;
  readonly application: string;
  readonly token: Secret;
  readonly until: number;
  /** A command shows “thinking…” until that message is written; a button shows nothing, and its answer is a message of its own. */
  readonly answers: "original" | "followUp";
}

interface OpenTicket {
  readonly ticket: Ticket;
  /** Whether Discord knows that we have it: it can be answered only then. */
  readonly acknowledge: () => Promise<boolean>;
  readonly decline: () => Promise<void>;
}

/** The interactions that may still be answered as such, each once. */
export class Tickets {
  readonly #rest: REST;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #signal: AbortSignal;
  readonly #late = new Set<ReturnType<typeof setTimeout>>();
  readonly #written = new Lru<string, Ticket>({ budget: mostTickets });
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
      until: this.#clock.elapsed() + ticketMs,
      answers: isCommand ? "original" : "followUp",
    };
    const started: { acknowledgement?: Promise<boolean> } = {};
    const late = setTimeout(() => void acknowledge(), acknowledgeMs);
    this.#late.add(late);
    const answer = (response: APIInteractionResponse) => {
      clearTimeout(late);
      this.#late.delete(late);
      return (started.acknowledgement ??= this.#callBack(interaction, response));
    };
    const acknowledge = () => answer(isCommand ? thinking : seen);
    const decline = async () => {
      const isLate = started.acknowledgement !== undefined;
      const isTaken = await answer(isCommand ? silence : seen);
      if (isCommand && isLate && isTaken) await this.#takeBack(ticket);
    };
    this.#open.set(name, { ticket, acknowledge, decline });
    return { reply: { token: name }, acknowledge };
  }

  /** Nobody will answer it: the person alone is told so, or “thinking…” is taken away where it is shown already. Never rejects. */
  async decline(reply: ReplyTicket): Promise<void> {
    const found = this.#open.get(reply.token);
    this.#open.delete(reply.token);
    await found?.decline();
  }

  /** The interaction behind a ticket, while it may be answered and belongs to that chat. */
  async find(reply: ReplyTicket | undefined, chat: string): Promise<Ticket | undefined> {
    const found = reply && this.#open.get(reply.token);
    if (!found || found.ticket.until <= this.#clock.elapsed() || found.ticket.chat !== chat) return undefined;
    return (await found.acknowledge()) ? found.ticket : undefined;
  }

  use(reply: ReplyTicket): void {
    this.#open.delete(reply.token);
  }

  /** It became that message, which its token may change, whatever the bot may do in that chat. */
  became(messageId: string, ticket: Ticket): void {
    this.#written.set(messageId, ticket);
  }

  /** Where a message of ours is changed, while the token that wrote it is good. */
  routeOf(messageId: string): RouteLike | undefined {
    const ticket = this.#written.get(messageId);
    if (!ticket || ticket.until <= this.#clock.elapsed()) return undefined;
    const named = ticket.answers === "original" ? "@original" : messageId;
    return Routes.webhookMessage(ticket.application, ticket.token.reveal(), named);
  }

  /** False when Discord does not know that we have it. */
  #callBack({ id, token }: APIInteraction, body: APIInteractionResponse): Promise<boolean> {
    return this.#say(["post", Routes.interactionCallback(id, token)], body);
  }

  async #takeBack({ application, token }: Ticket): Promise<void> {
    await this.#say(["delete", Routes.webhookMessage(application, token.reveal(), "@original")]);
  }

  async #say(request: Parameters<typeof ask>[1], body?: APIInteractionResponse): Promise<boolean> {
    try {
      const asked = await ask(this.#rest, request, { auth: false, signal: this.#signal, ...(body && { body }) });
      if ("answer" in asked) return true;
      this.#log.warn("Discord did not take what we say to an interaction", { problem: asked.refusal.problem });
    } catch (error) {
      if (!this.#signal.aborted) this.#log.warn("nobody knows what Discord made of an interaction", { error });
    }
    return false;
  }
}
