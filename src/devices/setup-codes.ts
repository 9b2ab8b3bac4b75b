import { type Clock, newId, Secret } from "#base";
import { fault, type Scope } from "#protocol";
import type { Books } from "./books.ts";
import type { DeviceRole } from "./devices.ts";
import { hasHash, hashOf } from "./grant-token.ts";
import { asMeant, longestTyped, newSetupCode } from "./setup-code.ts";
import type { SetupRecord } from "./setup-record.ts";
import type { ShelfWrite } from "./shelf.ts";

const lifeMs = 10 * 60_000;
const mostAlive = 50;
const mostFinished = 50;

export interface NewSetup {
  readonly setupId: string;
  readonly code: Secret;
  readonly expiresAt: number;
}

/** The codes that pair a device without anybody's further yes: each works once, for a short time. */
export class SetupCodes {
  readonly #books: Books;
  readonly #clock: Clock;
  /** When a code ends by the clock that nobody can set back, from when it was first met here. */
  readonly #endsAt = new Map<string, number>();

  constructor(books: Books, clock: Clock) {
    this.#books = books;
    this.#clock = clock;
  }

  /** The code's record, when it still opens. */
  find(typed: string): SetupRecord | undefined {
    if (typed.length > longestTyped) return undefined;
    const meant = asMeant(typed);
    return this.#books.setups.all().find((setup) => this.status(setup) === "waiting" && hasHash(setup.hash, meant));
  }

  status(setup: SetupRecord): "waiting" | "used" | "expired" {
    if (setup.usedAt !== undefined) return "used";
    const isOver = this.#clock.now() >= setup.expiresAt || this.#clock.elapsed() >= this.#endOf(setup);
    return isOver ? "expired" : "waiting";
  }

  /** Writes the code, and clears away codes that were finished long ago. */
  async make(access: {
    readonly role: DeviceRole;
    readonly scopes: readonly Scope[];
    readonly issuer: string | undefined;
  }): Promise<NewSetup> {
    const all = this.#books.setups.all();
    const finished = all.filter((setup) => this.status(setup) !== "waiting");
    if (all.length - finished.length >= mostAlive)
      throw fault.tooManyRequests({ problem: "Too many setup codes wait to be used" });
    const { role, scopes, issuer } = access;
    const [setupId, code, issuedAt] = [newId(), newSetupCode(), this.#clock.now()];
    const setup: SetupRecord = {
      setupId,
      hash: hashOf(asMeant(code)),
      role,
      scopes: [...scopes],
      ...(issuer !== undefined && { issuer }),
      issuedAt,
      expiresAt: issuedAt + lifeMs,
    };
    const stale = finished.toSorted((a, b) => b.issuedAt - a.issuedAt).slice(mostFinished);
    await this.#books.commit(this.#books.setups.change(setupId, setup), ...stale.map((old) => this.#gone(old)));
    for (const old of stale) this.#endsAt.delete(old.setupId);
    this.#endOf(setup);
    return { setupId, code: new Secret(code), expiresAt: setup.expiresAt };
  }

  used(setup: SetupRecord): ShelfWrite {
    return this.#books.setups.change(setup.setupId, { ...setup, usedAt: this.#clock.now() });
  }

  /** Takes back what a device's owner has given out and nobody has used yet. */
  takenBack(issuer: string): ShelfWrite[] {
    const own = this.#books.setups.all().filter((setup) => setup.issuer === issuer && setup.usedAt === undefined);
    return own.map((setup) => this.#gone(setup));
  }

  #gone({ setupId }: SetupRecord): ShelfWrite {
    return this.#books.setups.change(setupId, undefined);
  }

  #endOf({ setupId, expiresAt }: SetupRecord): number {
    const known = this.#endsAt.get(setupId);
    if (known !== undefined) return known;
    const endsAt = this.#clock.elapsed() + Math.min(lifeMs, expiresAt - this.#clock.now());
    this.#endsAt.set(setupId, endsAt);
    return endsAt;
  }
}
