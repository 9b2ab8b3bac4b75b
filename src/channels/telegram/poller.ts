import { failPoint } from "#base";
import type { Bot } from "./bot.ts";
import { CallFailed } from "./failure.ts";
import { wantedUpdates } from "./incoming.ts";
import type { Intake, Item } from "./intake.ts";
import { runInLanes } from "./lanes.ts";
import type { Line } from "./line.ts";
import type { Offset } from "./offset.ts";

const pollSeconds = 30;
/** A poll that is silent for longer is dead. */
const patienceMs = (pollSeconds + 15) * 1_000;
const mostAtOnce = 100;
const mostLanes = 8;

/**
 * Asks for updates. Asking for those from a number on tells Telegram that we have all before it, so that number moves
 * only over what is on disk. What came after an update that could not be taken is remembered, and not taken twice.
 */
export class Poller {
  readonly #bot: Bot;
  readonly #intake: Intake;
  readonly #line: Line;
  readonly #offset: Offset;
  readonly #signal: AbortSignal;
  #taken: ReadonlySet<number> = new Set();
  #isSettled = false;

  constructor(options: {
    readonly bot: Bot;
    readonly intake: Intake;
    readonly line: Line;
    readonly offset: Offset;
    readonly signal: AbortSignal;
  }) {
    this.#bot = options.bot;
    this.#intake = options.intake;
    this.#line = options.line;
    this.#offset = options.offset;
    this.#signal = options.signal;
  }

  /** One poll, and all that it brought. The first one after a failure is a short one: it tells whether we are connected. */
  async step(): Promise<void> {
    const isSettled = this.#isSettled;
    this.#isSettled = false;
    // With a webhook set, Telegram refuses to be asked.
    if (!isSettled) await this.#bot.call((api, signal) => api.deleteWebhook({}, signal), this.#signal);
    await this.#take(await this.#poll(isSettled ? pollSeconds : 0));
    this.#line.enter("online");
    this.#isSettled = true;
  }

  async #poll(timeout: number): Promise<readonly unknown[]> {
    const { next } = this.#offset;
    const request = {
      ...(next === undefined ? {} : { offset: next }),
      timeout,
      limit: mostAtOnce,
      allowed_updates: wantedUpdates,
    };
    const found: unknown = await this.#bot.call(
      (api, signal) => api.getUpdates(request, signal),
      this.#signal,
      patienceMs,
    );
    if (!Array.isArray(found)) throw new CallFailed({ kind: "unknown", says: "no list of updates" });
    return found;
  }

  async #take(found: readonly unknown[]): Promise<void> {
    const items = inOrder(found.map((raw) => this.#intake.read(raw)));
    if (items.length === 0) {
      if (found.length === 0) return;
      throw new CallFailed({ kind: "unknown", says: "updates without numbers" });
    }
    failPoint("telegram.poll.brought");
    const taken = new Set(this.#taken);
    const { failed } = await runInLanes(
      items.filter(({ id }) => !taken.has(id)),
      { laneOf: ({ lane }) => lane, most: mostLanes, signal: this.#signal },
      async (item) => {
        await this.#intake.take(item);
        taken.add(item.id);
      },
    );
    const ids = items.map(({ id }) => id);
    const left = ids.filter((id) => !taken.has(id));
    const next = left.length > 0 ? Math.min(...left) : Math.max(...ids) + 1;
    this.#taken = new Set([...taken].filter((id) => id > next));
    if (next !== this.#offset.next) this.#offset.move(next);
    if (failed) throw failed;
  }
}

/** By their numbers, each once: an order that Telegram keeps, and that no server in between may break. */
function inOrder(items: readonly Item[]): readonly (Item & { readonly id: number })[] {
  const numbered = new Map(
    items.flatMap(({ id, ...item }) => (id === undefined ? [] : [[id, { id, ...item }] as const])),
  );
  return [...numbered.values()].toSorted((a, b) => a.id - b.id);
}
