import type { Update } from "grammy/types";
import { Refusal } from "./refusal.ts";

export interface Webhook {
  readonly url: string;
  readonly secret?: string;
}

/** What waits for the bot, by the rules of `getUpdates`: it stays until a later number is asked for. */
export class Updates {
  readonly #waiting: { readonly update_id: number; readonly raw: unknown }[] = [];
  readonly #watchers = new Set<() => void>();
  /** Numbers of updates that were handed out or posted, in this order. */
  readonly handedOut: number[] = [];
  /** How what waits is handed out: in its order, once each. */
  order: <T>(found: readonly T[]) => readonly T[] = (found) => found;
  #next: number;
  #poll: { readonly end: (refusal: Refusal) => void } | undefined;
  #webhook: Webhook | undefined;

  constructor(first: number) {
    this.#next = first;
  }

  get waiting(): readonly number[] {
    return this.#waiting.map(({ update_id }) => update_id);
  }

  get isPolled(): boolean {
    return this.#poll !== undefined;
  }

  get webhook(): Webhook | undefined {
    return this.#webhook;
  }

  add(update: Omit<Update, "update_id">): number {
    return this.addRaw(update);
  }

  /** One that may be broken; its number is put in. */
  addRaw(update: object): number {
    const id = this.#next++;
    this.#waiting.push({ update_id: id, raw: { update_id: id, ...update } });
    this.changed();
    return id;
  }

  changed(): void {
    for (const look of this.#watchers) look();
  }

  async poll(
    { offset, timeout = 0, limit = 100 }: { offset?: number; timeout?: number; limit?: number },
    left: AbortSignal,
  ): Promise<unknown[]> {
    if (this.#webhook) throw new Refusal(409, "Conflict: can't use getUpdates method while webhook is active");
    this.#poll?.end(
      new Refusal(
        409,
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
      ),
    );
    if (offset !== undefined) this.#drop((id) => id < offset);
    const ended = Promise.withResolvers<never>();
    const poll = { end: ended.reject };
    this.#poll = poll;
    try {
      await Promise.race([ended.promise, this.#something(timeout, left)]);
    } finally {
      if (this.#poll === poll) this.#poll = undefined;
    }
    const found = this.order(this.#waiting.slice(0, limit));
    this.handedOut.push(...found.map(({ update_id }) => update_id));
    return found.map(({ raw }) => raw);
  }

  setWebhook(webhook: Webhook | undefined): void {
    this.#webhook = webhook;
    this.changed();
  }

  /** Calls the bot's address, one update after the other; what is not answered with 2xx is called again. */
  async callOut(until: AbortSignal): Promise<void> {
    while (!until.aborted) {
      const [first] = this.#waiting;
      if (!this.#webhook || !first) {
        await this.#change(until);
        continue;
      }
      this.handedOut.push(first.update_id);
      const isTaken = await post(this.#webhook, first.raw, until);
      if (isTaken) this.#drop((id) => id === first.update_id);
      else await Bun.sleep(5);
    }
  }

  #drop(isOver: (id: number) => boolean): void {
    const kept = this.#waiting.filter(({ update_id }) => !isOver(update_id));
    this.#waiting.splice(0, this.#waiting.length, ...kept);
  }

  async #something(seconds: number, left: AbortSignal): Promise<void> {
    const over = AbortSignal.any([left, AbortSignal.timeout(seconds * 1_000)]);
    while (this.#waiting.length === 0 && !over.aborted) await this.#change(over);
  }

  #change(over: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        this.#watchers.delete(look);
        over.removeEventListener("abort", look);
        resolve();
      };
      this.#watchers.add(look);
      over.addEventListener("abort", look);
      if (over.aborted) look();
    });
  }
}

async function post({ secret, url }: Webhook, update: unknown, signal: AbortSignal): Promise<boolean> {
  const headers = {
    "content-type": "application/json",
    ...(secret ? { "x-telegram-bot-api-secret-token": secret } : {}),
  };
  try {
    return (await fetch(url, { method: "POST", headers, body: JSON.stringify(update), signal })).ok;
  } catch {
    return false;
  }
}
