import { type Clock, deadline, Lru } from "#base";
import type { Place } from "../update.ts";
import type { Api, Client } from "./api.ts";

/** Names are worth waiting for so long: Slack wants to hear within three seconds that we have the event. */
const timeoutMs = 800;
const keptMs = 3_600_000;
/** Slack did not say; it is asked again after a while, not for every message. */
const keptUnknownMs = 60_000;

export interface Person {
  readonly name?: string;
  readonly username?: string;
  readonly isBot: boolean;
}

export interface Room {
  readonly kind?: Place["kind"];
  readonly title?: string;
}

/** What Slack's ids are called. Nothing depends on it but what people and models read, so a failure is only a missing name. */
export class Directory {
  readonly #people: Kept<Person>;
  readonly #rooms: Kept<Room>;

  constructor(api: Api, clock: Clock, signal: AbortSignal) {
    const call = <T>(ask: (client: Client) => Promise<T>) => callBounded(api, signal, ask);
    this.#people = new Kept(clock, (id) => call((client) => askPerson(client, id)));
    this.#rooms = new Kept(clock, (id) => call((client) => askRoom(client, id)));
  }

  person(id: string): Promise<Person | undefined> {
    return this.#people.get(id);
  }

  room(id: string): Promise<Room | undefined> {
    return this.#rooms.get(id);
  }
}

class Kept<V> {
  readonly #kept = new Lru<string, { readonly value: Promise<V | undefined>; readonly untilMs: number }>({
    budget: 2_000,
  });
  readonly #clock: Clock;
  readonly #ask: (id: string) => Promise<V | undefined>;

  constructor(clock: Clock, ask: (id: string) => Promise<V | undefined>) {
    this.#clock = clock;
    this.#ask = ask;
  }

  get(id: string): Promise<V | undefined> {
    const kept = this.#kept.get(id);
    const nowMs = this.#clock.elapsed();
    if (kept && kept.untilMs > nowMs) return kept.value;
    const value = this.#asked(id);
    this.#kept.set(id, { value, untilMs: nowMs + keptMs });
    return value;
  }

  async #asked(id: string): Promise<V | undefined> {
    try {
      return await this.#ask(id);
    } catch {
      // Whatever it was, the name is missing: a scope, the time, the network.
      this.#kept.set(id, { value: Promise.resolve(undefined), untilMs: this.#clock.elapsed() + keptUnknownMs });
      return undefined;
    }
  }
}

async function callBounded<T>(api: Api, signal: AbortSignal, ask: (client: Client) => Promise<T>): Promise<T> {
  using limit = deadline(signal, timeoutMs);
  return await api.call(limit.signal, ask);
}

async function askPerson(client: Client, id: string): Promise<Person | undefined> {
  const { user } = await client.users.info({ user: id });
  if (!user) return undefined;
  const name = user.profile?.display_name || user.profile?.real_name || user.real_name;
  return {
    isBot: user.is_bot === true,
    ...(name ? { name } : {}),
    ...(user.name ? { username: user.name } : {}),
  };
}

async function askRoom(client: Client, id: string): Promise<Room | undefined> {
  const { channel } = await client.conversations.info({ channel: id });
  if (!channel) return undefined;
  return { kind: kindOf(channel), ...(channel.name ? { title: channel.name } : {}) };
}

function kindOf(channel: { readonly is_im?: boolean; readonly is_mpim?: boolean }): Place["kind"] {
  if (channel.is_im) return "direct";
  return channel.is_mpim ? "group" : "channel";
}
