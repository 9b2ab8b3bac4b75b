import { sayingOf } from "#base";
import type { ConfiguredAccount } from "#channels";
import { fault } from "#protocol";
import { defaultAccount, type Line, type Lines } from "../line.ts";
import type { AccountPlace as Place } from "./accounts.ts";
import { Account, type AccountParts, type AccountView } from "./account.ts";

/** An account's name at its platform, or why that could not be asked. */
export type Probe =
  | { readonly ok: true; readonly name: string; readonly id: string; readonly tookMs: number }
  | { readonly ok: false; readonly problem: string; readonly tookMs: number };

/** All accounts of the settings: opened, watched, and changed with them, each without regard to the others. */
export class Keeper implements Lines, AsyncDisposable {
  readonly #parts: AccountParts;
  readonly #accounts = new Map<string, Account>();
  /** What is being done with an account ends before the next begins. */
  readonly #turns = new Map<string, Promise<void>>();
  #isClosing = false;

  constructor(parts: AccountParts) {
    this.#parts = parts;
  }

  find(to: Place): Line | undefined {
    return this.#accounts.get(nameOf(to))?.line;
  }

  all(): readonly Line[] {
    return [...this.#accounts.values()].flatMap(({ line }) => line ?? []);
  }

  /** It is in the settings, open or not. */
  has(to: Place): boolean {
    return this.#accounts.has(nameOf(to));
  }

  views(): readonly AccountView[] {
    return [...this.#accounts.values()].map(({ view }) => view);
  }

  /** Opens what is new, closes what is gone, opens anew what is another; the rest goes on, with its settings of now. Resolves when all of that is begun and closed. */
  async apply(wanted: readonly ConfiguredAccount[]): Promise<void> {
    const names = new Set(wanted.map((one) => nameOf(placeOf(one))));
    const gone = [...this.#accounts.keys()].filter((name) => !names.has(name));
    await Promise.all([
      ...gone.map((name) => this.#inTurn(name, () => this.#remove(name))),
      ...wanted.map((one) => this.#inTurn(nameOf(placeOf(one)), () => this.#put(one))),
    ]);
  }

  start(where: Place): Promise<readonly AccountView[]> {
    return this.#withEach(where, async (account) => account.start());
  }

  stop(where: Place): Promise<readonly AccountView[]> {
    return this.#withEach(where, (account) => account.stop());
  }

  restart(where: Place): Promise<readonly AccountView[]> {
    return this.#withEach(where, async (account) => {
      await account.stop();
      account.start();
    });
  }

  /** Asks the platform who we are there. */
  async probe(where: Place, signal: AbortSignal): Promise<Probe> {
    const { clock } = this.#parts;
    const startedAt = clock.elapsed();
    const tookMs = () => Math.round(clock.elapsed() - startedAt);
    const line = this.find(where);
    if (!line) return { ok: false, problem: "It is not open.", tookMs: 0 };
    if (!line.connection.probe) return { ok: false, problem: "This channel cannot be asked.", tookMs: 0 };
    try {
      const { name, id } = await orAborted(line.connection.probe(signal), signal);
      return { ok: true, name, id, tookMs: tookMs() };
    } catch (error) {
      return { ok: false, problem: sayingOf(error), tookMs: tookMs() };
    }
  }

  /** Takes no more updates; answers still go out. */
  quiesce(): void {
    this.#isClosing = true;
    for (const account of this.#accounts.values()) account.quiesce();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.quiesce();
    await Promise.all([...this.#accounts.keys()].map((name) => this.#inTurn(name, () => this.#remove(name))));
  }

  async #remove(name: string): Promise<void> {
    await this.#accounts.get(name)?.stop();
    this.#accounts.delete(name);
  }

  async #put(wanted: ConfiguredAccount): Promise<void> {
    if (this.#isClosing) return;
    const name = nameOf(placeOf(wanted));
    const now = this.#accounts.get(name);
    if (now && isSame(now.configured, wanted)) return now.adopt(wanted);
    await now?.stop();
    const account = new Account(wanted, this.#parts, now);
    this.#accounts.set(name, account);
    if (wanted.isEnabled && wanted.problem === undefined) account.start();
    if (wanted.isEnabled && wanted.problem !== undefined) {
      this.#parts.log.error("an account cannot be opened as it is set", { problem: wanted.problem });
    }
  }

  /** One account, or all that a channel has. */
  async #withEach(where: Place, work: (account: Account) => Promise<void>): Promise<readonly AccountView[]> {
    const names = [...this.#accounts]
      .filter(([, { configured }]) => configured.channel.id === where.channel)
      .filter(([, { configured }]) => where.account === undefined || configured.account === where.account)
      .map(([name]) => name);
    if (names.length === 0) throw fault.accountNotFound({ channel: where.channel, account: where.account ?? "any" });
    const done = names.map((name) =>
      this.#inTurn(name, async () => {
        const account = this.#accounts.get(name);
        if (account && !this.#isClosing) await work(account);
      }),
    );
    await Promise.all(done);
    return names.flatMap((name) => this.#accounts.get(name)?.view ?? []);
  }

  async #inTurn(name: string, work: () => Promise<void>): Promise<void> {
    const mine = (this.#turns.get(name) ?? Promise.resolve()).then(work);
    const turn = mine.catch(() => undefined);
    this.#turns.set(name, turn);
    try {
      await mine;
    } finally {
      if (this.#turns.get(name) === turn) this.#turns.delete(name);
    }
  }
}

function placeOf({ channel, account }: ConfiguredAccount): Place {
  return { channel: channel.id, account };
}

function nameOf({ channel, account = defaultAccount }: Place): string {
  return `${channel}/${account}`;
}

function isSame(now: ConfiguredAccount, wanted: ConfiguredAccount): boolean {
  return now.fingerprint === wanted.fingerprint && now.isEnabled === wanted.isEnabled && now.problem === wanted.problem;
}

function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(new Error("There was no answer in time.", { cause: signal.reason }));
    if (signal.aborted) return stop();
    signal.addEventListener("abort", stop, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}
