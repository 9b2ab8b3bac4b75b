import { type Static, Type } from "@sinclair/typebox";
import { Check } from "@sinclair/typebox/value";
import type { Clock, Log } from "#base";
import { Address, fault } from "#protocol";
import type { Storage } from "#storage";
import type { AllowBook, AllowEntry } from "./allow-book.ts";
import type { Identity } from "./owners.ts";
import { newPairingCode, readPairingCode } from "./pairing-code.ts";
import { pairingLimits } from "./pairing-limits.ts";

const requestKind = "channel-pairing";
const lockKind = "channel-pairing-lock";
const { lifeMs, pendingPerAccount: mostPending } = pairingLimits;
const mostWrong = 5;
const lockedMs = 15 * 60 * 1_000;
const mostNameCharacters = 64;
const mostAccounts = 500;

const Request = Type.Object({
  code: Type.String(),
  channel: Type.String(),
  account: Type.String(),
  senderId: Type.String(),
  name: Type.Optional(Type.String()),
  /** Where the code was, or will be, told. */
  from: Address,
  createdAt: Type.Integer(),
  /** The message with the code is in the outbox. */
  isTold: Type.Boolean(),
});
/** Somebody unknown who has written to an account and waits for an operator. */
export type PairingRequest = Static<typeof Request>;

const Lock = Type.Object({ wrong: Type.Integer(), lockedUntil: Type.Integer() });

/**
 * Strangers and their codes: at most three wait per account, each for an hour. One record holds the requests of an
 * account, so that the bound is kept also by two gateways on one storage.
 */
export class Pairing {
  readonly #storage: Storage;
  readonly #book: AllowBook;
  readonly #clock: Clock;
  readonly #log: Log;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: {
    readonly storage: Storage;
    readonly book: AllowBook;
    readonly clock: Clock;
    readonly log: Log;
  }) {
    this.#storage = options.storage;
    this.#book = options.book;
    this.#clock = options.clock;
    this.#log = options.log;
  }

  /** The request of this stranger, new or not; undefined when too many others wait. */
  ask(who: Identity & Pick<PairingRequest, "from" | "name">): Promise<PairingRequest | undefined> {
    return this.#change(who, (requests) => {
      const known = requests.find(({ senderId }) => senderId === who.senderId);
      if (known) return { answer: known };
      if (requests.length >= mostPending) return { answer: undefined };
      const { channel, account, senderId, from, name } = who;
      const request: PairingRequest = {
        channel,
        account,
        senderId,
        from,
        isTold: false,
        ...(name !== undefined && { name: name.slice(0, mostNameCharacters) }),
        code: newPairingCode(),
        createdAt: this.#clock.now(),
      };
      return { answer: request, requests: [...requests, request] };
    });
  }

  told({ code, ...who }: PairingRequest): Promise<void> {
    return this.#change(who, (requests) => ({
      answer: undefined,
      requests: requests.map((one) => (one.code === code ? { ...one, isTold: true } : one)),
    }));
  }

  async list(where: { readonly channel?: string; readonly account?: string } = {}): Promise<PairingRequest[]> {
    const rows = await this.#storage.records({ kind: requestKind, limit: mostAccounts });
    return rows
      .flatMap(({ data }) => this.#living(data))
      .filter(({ channel }) => where.channel === undefined || channel === where.channel)
      .filter(({ account }) => where.account === undefined || account === where.account);
  }

  /** Lets the stranger in who was told this code. Rejects with `pairingNotFound`, or `lockedOut` after five wrong codes. */
  async approve(
    channel: string,
    code: string,
    account?: string,
  ): Promise<{ readonly entry: AllowEntry; readonly request: PairingRequest }> {
    const request = await this.#decided(channel, code, account);
    const { account: of, senderId, name } = request;
    const entry: AllowEntry = {
      channel,
      account: of,
      senderId,
      how: "paired",
      since: this.#clock.now(),
      ...(name !== undefined && { name }),
    };
    await this.#take(request, entry);
    return { entry, request };
  }

  async reject(channel: string, code: string, account?: string): Promise<PairingRequest> {
    const request = await this.#decided(channel, code, account);
    await this.#take(request);
    return request;
  }

  /** One guess at a time: guesses beside each other would all be made before the first was counted. */
  #decided(channel: string, typed: string, account: string | undefined): Promise<PairingRequest> {
    return this.#inTurn(async () => {
      const lock = await this.#lock(channel);
      const leftMs = lock.lockedUntil - this.#clock.now();
      if (leftMs > 0) throw fault.lockedOut({ seconds: Math.ceil(leftMs / 1_000) });
      const code = readPairingCode(typed);
      const where = { channel, ...(account !== undefined && { account }) };
      const found = (await this.list(where)).find((request) => request.code === code);
      if (found) {
        if (lock.wrong > 0) await this.#storage.writeRecords([{ kind: lockKind, id: channel, data: undefined }]);
        return found;
      }
      const wrong = lock.wrong + 1;
      const next =
        wrong < mostWrong ? { wrong, lockedUntil: 0 } : { wrong: 0, lockedUntil: this.#clock.now() + lockedMs };
      await this.#storage.writeRecords([{ kind: lockKind, id: channel, data: JSON.stringify(next) }]);
      throw fault.pairingNotFound({ request: code.slice(0, mostNameCharacters) });
    });
  }

  /** Takes the request away; with an entry, both are true at once. */
  async #take(request: PairingRequest, entry?: AllowEntry): Promise<void> {
    await this.#change(request, (requests) => {
      const rest = requests.filter(({ code }) => code !== request.code);
      if (rest.length === requests.length) throw fault.pairingNotFound({ request: request.code });
      return { answer: undefined, requests: rest, ...(entry && { entry }) };
    });
  }

  #change<T>(
    who: Pick<Identity, "channel" | "account">,
    change: (requests: readonly PairingRequest[]) => {
      readonly answer: T;
      readonly requests?: readonly PairingRequest[];
      readonly entry?: AllowEntry;
    },
  ): Promise<T> {
    const id = JSON.stringify([who.channel, who.account]);
    return this.#inTurn(async () => {
      for (;;) {
        const row = await this.#storage.record(requestKind, id);
        const { answer, requests, entry } = change(row ? this.#living(row.data) : []);
        if (!requests) return answer;
        const data = requests.length === 0 ? undefined : JSON.stringify(requests);
        const kept = { kind: requestKind, id, data, expected: row?.version ?? 0 };
        const writes = entry ? [kept, this.#book.entry(entry)] : [kept];
        if (await this.#storage.writeRecords(writes)) return answer;
      }
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  #living(data: string): PairingRequest[] {
    const requests: unknown = JSON.parse(data);
    if (!Check(Type.Array(Request), requests)) {
      this.#log.error("pairing requests are damaged and left out");
      return [];
    }
    const now = this.#clock.now();
    return requests.filter(({ createdAt }) => now - createdAt < lifeMs);
  }

  async #lock(channel: string): Promise<Static<typeof Lock>> {
    const row = await this.#storage.record(lockKind, channel);
    if (row?.isDamaged) return this.#lockAnew(channel);
    const lock: unknown = row ? JSON.parse(row.data) : undefined;
    return Check(Lock, lock) ? lock : { wrong: 0, lockedUntil: 0 };
  }

  /** It may have said that nobody may guess any more. */
  async #lockAnew(channel: string): Promise<Static<typeof Lock>> {
    const lock = { wrong: 0, lockedUntil: this.#clock.now() + lockedMs };
    await this.#storage.writeRecords([{ kind: lockKind, id: channel, data: JSON.stringify(lock) }]);
    return lock;
  }
}
