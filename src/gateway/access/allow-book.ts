import { type Static, Type } from "@sinclair/typebox";
import { Check } from "@sinclair/typebox/value";
import { type Log, parseJson } from "#base";
import type { RecordWrite, Storage } from "#storage";
import type { Identity } from "./owners.ts";

const kind = "channel-allow";
const mostListed = 10_000;
const pageRows = 500;

const Entry = Type.Object({
  channel: Type.String(),
  account: Type.String(),
  senderId: Type.String({ minLength: 1 }),
  how: Type.Union([Type.Literal("paired"), Type.Literal("listed")]),
  name: Type.Optional(Type.String()),
  since: Type.Integer(),
});
/** Somebody who may write to one account directly. What one account knows says nothing about another. */
export type AllowEntry = Static<typeof Entry>;

/** Who was let in beside the settings: by a pairing, or by an operator. */
export class AllowBook {
  readonly #storage: Storage;
  readonly #log: Log;

  constructor({ storage, log }: { readonly storage: Storage; readonly log: Log }) {
    this.#storage = storage;
    this.#log = log;
  }

  async kept(who: Identity): Promise<AllowEntry["how"] | undefined> {
    const row = await this.#storage.record(kind, idOf(who));
    return row && this.#understood(row.data, who)?.how;
  }

  async list(where: { readonly channel?: string; readonly account?: string }): Promise<AllowEntry[]> {
    const found: AllowEntry[] = [];
    for (let after = ""; found.length < mostListed;) {
      const rows = await this.#storage.records({ kind, after, limit: pageRows });
      found.push(...rows.flatMap(({ data }) => this.#understood(data) ?? []));
      const last = rows.at(-1);
      if (!last || rows.length < pageRows) break;
      after = last.id;
    }
    const { channel, account } = where;
    return found.filter(
      (one) => (channel === undefined || one.channel === channel) && (account === undefined || one.account === account),
    );
  }

  /** To be written with whatever else must be true at once. */
  entry(entry: AllowEntry): RecordWrite {
    return { kind, id: idOf(entry), data: JSON.stringify(entry) };
  }

  /** False when there was no such entry. */
  async remove(who: Identity): Promise<boolean> {
    const row = await this.#storage.record(kind, idOf(who));
    if (!row) return false;
    await this.#storage.writeRecords([{ kind, id: idOf(who), data: undefined }]);
    return true;
  }

  /** What cannot be understood opens nothing. */
  #understood(data: string, who?: Identity): AllowEntry | undefined {
    const value = parseJson(data);
    const fits = Check(Entry, value) && (who === undefined || idOf(value) === idOf(who));
    if (!fits) this.#log.error("an entry of an allowlist is damaged and opens nothing", { ...who });
    return fits ? value : undefined;
  }
}

function idOf({ channel, account, senderId }: Identity): string {
  return JSON.stringify([channel, account, senderId]);
}
