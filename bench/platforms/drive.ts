import { quantile } from "../figures.ts";
import type { Side } from "./side.ts";

export interface Load {
  readonly perSecond: number;
  readonly seconds: number;
}

/** What came of a load. The times are of messages, in milliseconds, by the platform's clock. */
export interface Outcome {
  readonly messages: number;
  /** From the first message until the platforms were told of the last one; until the last answer. */
  readonly toldSeconds: number;
  readonly answeredSeconds: number;
  /** From a message's coming to the platform to the platform's being told that the gateway has it, 99 of 100. */
  readonly toldP99Ms: Readonly<Record<string, number>>;
  readonly toldP50Ms: Readonly<Record<string, number>>;
  /** Processor time of the platforms, the model and those who write. */
  readonly cpuMs: number;
  /** Messages that a platform was not told of within the patience: it still has them, so they are late and not lost. */
  readonly unacknowledged: number;
  /** Messages that were taken and have no answer, that have several, or one in another chat; none unless something is wrong. */
  readonly wrong: readonly string[];
}

const tickMs = 5;
const lookMs = 250;
/** After the last message, for the platforms to be told; and then again, for the answers. */
const usualPatienceMs = 120_000;

/** All who write, on every account. */
export class Crowd {
  readonly #drivers: readonly Driver[];
  readonly #patienceMs: number;

  constructor(sides: readonly Side[], chats: number, patienceMs = usualPatienceMs) {
    this.#patienceMs = patienceMs;
    this.#drivers = sides.map((side) => new Driver(side, chats));
  }

  /**
   * So many messages a second, whatever becomes of them, account by account and chat by chat. The model says again what it
   * is told, so every message's number must come back in its chat, once.
   */
  async drive({ perSecond, seconds }: Load): Promise<Outcome> {
    const drivers = this.#drivers;
    for (const { waits } of drivers) waits.length = 0;
    const cpuBefore = process.cpuUsage();
    const begin = performance.now();
    const messages = perSecond * seconds;
    const isLate = () => performance.now() - begin > seconds * 1_000 + this.#patienceMs;
    let said = 0;
    while ((said < messages || drivers.some(({ owed }) => owed > 0)) && !isLate()) {
      const due = Math.min(messages, ((performance.now() - begin) * perSecond) / 1_000);
      for (; said < due; said++) drivers[said % drivers.length]?.say();
      for (const driver of drivers) driver.look();
      await Bun.sleep(tickMs);
    }
    const toldSeconds = (performance.now() - begin) / 1_000;
    const isOver = () => performance.now() - begin > toldSeconds * 1_000 + this.#patienceMs;
    while (drivers.some((driver) => driver.unanswered() > 0) && !isOver()) await Bun.sleep(lookMs);
    const answeredSeconds = (performance.now() - begin) / 1_000;
    const { user, system } = process.cpuUsage(cpuBefore);
    return {
      messages,
      toldSeconds,
      answeredSeconds,
      toldP50Ms: this.#quantiles(0.5),
      toldP99Ms: this.#quantiles(0.99),
      cpuMs: (user + system) / 1_000,
      unacknowledged: drivers.reduce((sum, { owed }) => sum + owed, 0),
      wrong: drivers.flatMap((driver) => driver.wrong()),
    };
  }

  /** Of the waits, channel by channel. */
  #quantiles(share: number): Record<string, number> {
    const groups = Object.entries(Object.groupBy(this.#drivers, ({ side }) => side.channel));
    return Object.fromEntries(groups.map(([channel, group]) => [channel, quantile(waitsOf(group), share)]));
  }
}

function waitsOf(drivers: readonly Driver[]): number[] {
  return drivers.flatMap(({ waits }) => waits);
}

class Driver {
  readonly side: Side;
  /** From saying to being told, in the order of being told. */
  readonly waits: number[] = [];
  readonly #chats: number;
  readonly #sent: { readonly text: string; readonly chat: number; readonly at: number }[] = [];
  readonly #told = new Set<number>();

  constructor(side: Side, chats: number) {
    this.side = side;
    this.#chats = chats;
  }

  /** Messages that the platform was not told of. */
  get owed(): number {
    return this.#sent.length - this.#told.size;
  }

  say(): void {
    const chat = this.#sent.length % this.#chats;
    const text = `m${this.#sent.length}.`;
    this.#sent.push({ text, chat, at: performance.now() });
    this.side.say(chat, text);
  }

  look(): void {
    const news = this.side.told();
    if (news.length === 0) return;
    const now = performance.now();
    for (const i of news) {
      this.waits.push(now - (this.#sent[i]?.at ?? Number.NaN));
      this.#told.add(i);
    }
  }

  /** Messages that were taken. */
  unanswered(): number {
    const counts = this.#counts();
    return this.#sent.filter(({ text, chat }, i) => this.#told.has(i) && !counts.has(`${chat} ${text}`)).length;
  }

  wrong(): string[] {
    const { channel } = this.side;
    const counts = this.#counts();
    const expected = new Set(this.#sent.map(({ text, chat }) => `${chat} ${text}`));
    const strange = [...counts.keys()]
      .filter((key) => !expected.has(key))
      .map((key) => `${channel}: ${key} was not asked`);
    const found = this.#sent.flatMap(({ text, chat }, i) => {
      const key = `${chat} ${text}`;
      const times = counts.get(key) ?? 0;
      const isFine = times === 1 || (times === 0 && !this.#told.has(i));
      return isFine ? [] : [`${channel}: ${key} was answered ${times} times`];
    });
    return [...strange, ...found];
  }

  #counts(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { chat, text } of this.side.answers()) {
      for (const [word] of text.matchAll(/m\d+\./g)) {
        const key = `${chat} ${word}`;
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
    }
    return counts;
  }
}
