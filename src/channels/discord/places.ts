import { type Clock, Lru } from "#base";
import type { Address } from "#protocol";
import { Check } from "@sinclair/typebox/value";
import type { REST } from "@discordjs/rest";
import { ChannelType, Routes } from "discord-api-types/v10";
import type { Place } from "../update.ts";
import { ChannelAnswer, MemberAnswer } from "./answers.ts";
import { ask } from "./rest.ts";

const mostChannels = 2_000;
const mostGuilds = 2_500;
const mostMembers = 1_000;
/** Long enough for the messages of one gap, short enough for a role that was just taken away. */
const memberMs = 30_000;

interface Spot {
  readonly name: string | undefined;
  readonly guild: string | undefined;
  /** Of a thread: the channel or forum that it lies in. */
  readonly parent: string | undefined;
}

export interface Whereabouts {
  readonly from: Address;
  readonly place: Place;
}

/**
 * What the chats are called and lie in. Asked for when a chat first speaks, and kept in bounds: all channels of all servers
 * would be more than the rest of the process.
 */
export class Places {
  readonly #rest: REST;
  readonly #clock: Clock;
  readonly #account: string;
  readonly #signal: AbortSignal;
  readonly #spots = new Lru<string, Spot>({ budget: mostChannels });
  readonly #members = new Lru<string, { readonly roles: readonly string[]; readonly until: number }>({
    budget: mostMembers,
  });
  readonly #ourRoles = new Lru<string, ReadonlySet<string>>({ budget: mostGuilds });

  constructor(options: {
    readonly rest: REST;
    readonly account: string;
    readonly signal: AbortSignal;
    readonly clock: Clock;
  }) {
    this.#clock = options.clock;
    this.#rest = options.rest;
    this.#account = options.account;
    this.#signal = options.signal;
  }

  /** Rejects when Discord cannot be asked now: without the answer nobody knows whether it is a thread, and of what. */
  async whereabouts(
    chat: string,
    guild: string | undefined,
    roles: readonly string[] | undefined,
  ): Promise<Whereabouts> {
    const from = { channel: "discord", account: this.#account };
    if (guild === undefined) return { from: { ...from, chat }, place: { kind: "direct" } };
    const spot = await this.spot(chat);
    const place = {
      kind: "channel",
      guild,
      ...(spot?.name && { title: spot.name }),
      ...(roles && { roles }),
    } as const;
    if (!spot?.parent) return { from: { ...from, chat }, place };
    return { from: { ...from, chat: spot.parent, thread: chat }, place: { ...place, parentChat: spot.parent } };
  }

  async spot(chat: string): Promise<Spot | undefined> {
    const known = this.#spots.get(chat);
    if (known) return known;
    const asked = await ask(this.#rest, ["get", Routes.channel(chat)], { signal: this.#signal });
    if (!("answer" in asked)) {
      if (asked.refusal.refused === "forNow") throw new Error(asked.refusal.problem);
      return undefined;
    }
    if (!Check(ChannelAnswer, asked.answer)) throw new Error("Discord's answer about a channel makes no sense.");
    const { name, guild_id: guild, parent_id: parent, type } = asked.answer;
    const spot: Spot = {
      name: name ?? undefined,
      guild,
      parent: threadTypes.has(type) ? (parent ?? undefined) : undefined,
    };
    this.#spots.set(chat, spot);
    return spot;
  }

  async ourRoles(guild: string, us: string): Promise<ReadonlySet<string>> {
    const known = this.#ourRoles.get(guild);
    if (known) return known;
    const roles = new Set(await this.#askRoles(guild, us));
    this.#ourRoles.set(guild, roles);
    return roles;
  }

  /** The roles that somebody has in a server; none, when they left it. */
  async rolesOf(guild: string, user: string): Promise<readonly string[]> {
    const key = `${guild}:${user}`;
    const known = this.#members.get(key);
    if (known && known.until > this.#clock.elapsed()) return known.roles;
    const roles = await this.#askRoles(guild, user);
    this.#members.set(key, { roles, until: this.#clock.elapsed() + memberMs });
    return roles;
  }

  async #askRoles(guild: string, user: string): Promise<readonly string[]> {
    const asked = await ask(this.#rest, ["get", Routes.guildMember(guild, user)], { signal: this.#signal });
    if (!("answer" in asked)) {
      if (asked.refusal.refused === "forNow") throw new Error(asked.refusal.problem);
      return [];
    }
    if (!Check(MemberAnswer, asked.answer)) throw new Error("Discord's answer about a member makes no sense.");
    return asked.answer.roles;
  }

  forgetChat(chat: string): void {
    this.#spots.delete(chat);
  }

  forgetOurRoles(guild: string): void {
    this.#ourRoles.delete(guild);
  }
}

const threadTypes: ReadonlySet<number> = new Set([
  ChannelType.AnnouncementThread,
  ChannelType.PublicThread,
  ChannelType.PrivateThread,
]);
