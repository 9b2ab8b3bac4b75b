import type { Clock, Log } from "#base";
import type { REST } from "@discordjs/rest";
import {
  type APIInteraction,
  GatewayDispatchEvents,
  type GatewayDispatchPayload,
  type GatewayMessageReactionAddDispatchData,
  type GatewayMessageReactionRemoveDispatchData,
} from "discord-api-types/v10";
import type { AccountOptions } from "../channel.ts";
import type { Update } from "../update.ts";
import { type CatchUp, mostChats } from "./catch-up.ts";
import type { Lanes } from "./lanes.ts";
import type { Memory } from "./memory.ts";
import type { Places } from "./places.ts";
import { isTaken, readInteraction } from "./read-interaction.ts";
import { isWritten, type Reader, readEdit, readMessage, senderOf, type SomeMessage } from "./read-message.ts";
import type { Tickets } from "./tickets.ts";

export interface IntakeParts {
  readonly receive: AccountOptions<unknown>["receive"];
  readonly rest: REST;
  readonly memory: Memory;
  readonly lanes: Lanes;
  readonly places: Places;
  readonly tickets: Tickets;
  readonly catchUp: CatchUp;
  readonly hosts: ReadonlySet<string>;
  /** The gateway session, for what has no id of its own. */
  readonly sessionId: () => string;
  readonly clock: Clock;
  readonly log: Log;
}

type Reaction = GatewayMessageReactionAddDispatchData | GatewayMessageReactionRemoveDispatchData;

/** What the gateway says, sorted: into the lane of its chat, or at once when it is about ourselves. */
export class Intake {
  readonly #parts: IntakeParts;

  constructor(parts: IntakeParts) {
    this.#parts = parts;
  }

  take(event: GatewayDispatchPayload, done: () => void): void {
    try {
      const waits = this.#sort(event, done);
      if (!waits) done();
    } catch (error) {
      this.#skip(event.t, error);
      done();
    }
  }

  /** True when `done` is called later. All kinds of events that stand nowhere here are none of ours. */
  #sort(event: GatewayDispatchPayload, done: () => void): boolean {
    // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- Discord has dozens of events, and new ones any day
    switch (event.t) {
      case GatewayDispatchEvents.MessageCreate:
        return this.#message(event.d, done);
      case GatewayDispatchEvents.MessageUpdate:
        return this.#edit(event.d, done);
      case GatewayDispatchEvents.MessageReactionAdd:
        return this.#reaction(event.d, { sequence: event.s, isAdded: true }, done);
      case GatewayDispatchEvents.MessageReactionRemove:
        return this.#reaction(event.d, { sequence: event.s, isAdded: false }, done);
      case GatewayDispatchEvents.InteractionCreate:
        return this.#interaction(event.d, done);
    }
    this.#learn(event);
    return false;
  }

  /** What is about ourselves and the places that we know. */
  #learn(event: GatewayDispatchPayload): void {
    const { memory, places } = this.#parts;
    // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- as above: the others say nothing about us
    switch (event.t) {
      case GatewayDispatchEvents.Ready: {
        const isNew = memory.self === undefined;
        memory.know({ userId: event.d.user.id, applicationId: event.d.application.id });
        if (!isNew) this.#closeGap();
        return;
      }
      case GatewayDispatchEvents.ChannelUpdate:
      case GatewayDispatchEvents.ChannelDelete:
      case GatewayDispatchEvents.ThreadUpdate:
      case GatewayDispatchEvents.ThreadDelete:
        places.forgetChat(event.d.id);
        return;
      case GatewayDispatchEvents.GuildMemberUpdate:
        if (event.d.user.id === memory.self?.userId) places.forgetOurRoles(event.d.guild_id);
    }
  }

  #message(message: SomeMessage, done: () => void): boolean {
    const { memory, catchUp } = this.#parts;
    if (message.author.id === memory.self?.userId || !isWritten(message)) return false;
    return this.#queue(message.channel_id, done, async () => {
      if (catchUp.hadBrought(message.id)) return;
      await this.#handOver("message", () => readMessage(message, this.#reader()));
      memory.took(message.channel_id, message.id);
    });
  }

  #edit(message: SomeMessage, done: () => void): boolean {
    if (message.author.id === this.#parts.memory.self?.userId || !isWritten(message)) return false;
    return this.#queue(message.channel_id, done, () => this.#handOver("edit", () => readEdit(message, this.#reader())));
  }

  #reaction(
    reaction: Reaction,
    { sequence, isAdded }: { readonly sequence: number; readonly isAdded: boolean },
    done: () => void,
  ): boolean {
    const { memory, clock, places, sessionId } = this.#parts;
    if (reaction.user_id === memory.self?.userId) return false;
    const member = "member" in reaction ? reaction.member : undefined;
    const { id, name } = reaction.emoji;
    const about = {
      id: `${sessionId()}:${sequence}`,
      at: clock.now(),
      messageId: reaction.message_id,
      isAdded,
    } as const;
    return this.#queue(reaction.channel_id, done, () =>
      this.#handOver("reaction", async () => ({
        ...about,
        type: "reaction",
        ...(await places.whereabouts(reaction.channel_id, reaction.guild_id, member?.roles)),
        sender: member?.user ? senderOf(member.user) : { id: reaction.user_id, isBot: false },
        emoji: id ? `${name}:${id}` : (name ?? ""),
      })),
    );
  }

  #interaction(interaction: APIInteraction, done: () => void): boolean {
    if (!isTaken(interaction)) return false;
    const { reply, acknowledge } = this.#parts.tickets.take(interaction);
    return this.#queue(interaction.channel.id, done, async () => {
      await this.#handOver("interaction", () => readInteraction(interaction, this.#reader(), reply));
      void acknowledge();
    });
  }

  /** A new session begins with nothing: what was written since the last one is read in the chats that we know. */
  #closeGap(): void {
    const { memory, catchUp, log } = this.#parts;
    const { chats } = memory;
    if (chats.length > mostChats) log.warn("not every chat is looked at for what was missed", { chats: chats.length });
    for (const { chat, last } of chats.slice(0, mostChats)) {
      const job = () =>
        catchUp.read(chat, memory.lastOf(chat) ?? last, async (message) => {
          if (message.author.id !== memory.self?.userId && isWritten(message)) {
            await this.#handOver("message", () => readMessage(message, this.#reader()));
          }
          memory.took(chat, message.id);
        });
      this.#queue(chat, () => {}, job);
    }
  }

  #queue(chat: string, done: () => void, job: () => Promise<void>): true {
    this.#parts.lanes.add(chat, job, () => {
      done();
      this.#parts.memory.changed();
    });
    return true;
  }

  async #handOver(what: string, read: () => Promise<Update | undefined>): Promise<void> {
    const update = await read().catch((error: unknown) => {
      // A wrong shape stays wrong however often it is read; everything else may go better next time.
      if (!(error instanceof TypeError)) throw error;
      this.#skip(what, error);
    });
    if (update) await this.#parts.receive(update);
  }

  #skip(what: string, error: unknown): void {
    this.#parts.log.warn("an event of Discord cannot be read, and is skipped", { event: what, error });
  }

  #reader(): Reader {
    const { memory, rest, places, hosts } = this.#parts;
    return { us: memory.self?.userId ?? "", rest, places, hosts };
  }
}
