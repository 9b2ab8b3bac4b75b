import { fault } from "#protocol";
import { blobHash } from "../blob-hash.ts";
import { linkHash, rootHash } from "../hash-chain.ts";
import { brokenSealOf } from "../inspect/inspect-seals.ts";
import { isIntact, type SealedTable, sealedTables } from "../rows/seal.ts";
import type { RowSource } from "./archive.ts";
import type { CopiedRow, CopiedTable } from "./copied-tables.ts";

export interface TableDigest {
  readonly rows: number;
  /** SHA-256 over all rows in the order of their key: the same for the same rows, whoever keeps them. */
  readonly hash: string;
}

/** Reads a table from one end to the other; each page goes to `eachPage` as well. */
export async function digestTable(
  source: RowSource,
  table: CopiedTable,
  eachPage: (rows: readonly CopiedRow[]) => Promise<void>,
): Promise<TableDigest> {
  const hasher = new Bun.CryptoHasher("sha256");
  let rows = 0;
  for (let page = await source.page(table, undefined); page.length > 0; page = await source.page(table, page.at(-1))) {
    for (const row of page) hasher.update(`${rowText(table, row)}\n`);
    rows += page.length;
    await eachPage(page);
  }
  return { rows, hash: hasher.digest("hex") };
}

function rowText(table: CopiedTable, row: CopiedRow): string {
  const cells = Object.keys(table.columns).map((column) => {
    const value = row[column] ?? null;
    return value instanceof Uint8Array ? blobHash(value) : value;
  });
  return JSON.stringify(cells);
}

interface Head {
  readonly seq: number;
  readonly hash: string;
}

/**
 * Follows the chains of all sessions while their rows go by, sessions first, and looks at what else can be checked. Throws
 * `storageUnusable` at the first thing that is not as it was written.
 */
export class ChainCheck {
  readonly #place: string;
  readonly #ends = new Map<string, Head & { readonly key: string }>();
  readonly #reached = new Map<string, Head>();

  /** `place` is where the rows come from, as people may see it. */
  constructor(place: string) {
    this.#place = place;
  }

  see(table: CopiedTable, rows: readonly CopiedRow[]): void {
    if (table.name === "sessions") for (const row of rows) this.#session(row);
    if (table.name === "events") for (const row of rows) this.#event(row);
    if (table.name === "blobs") for (const row of rows) this.#blob(row);
    const name = sealedTables.find((one) => one === table.name);
    if (name) for (const row of rows) this.#seal(name, row);
  }

  /** Every log must end where its session says. */
  finish(): void {
    for (const [sessionId, { seq, hash }] of this.#ends) {
      const reached = this.#reached.get(sessionId) ?? { seq: 0, hash: rootHash };
      if (reached.seq === seq && reached.hash === hash) continue;
      throw this.#broken(sessionId, reached.seq, `the log ends here, and should at seq ${seq}`);
    }
  }

  #session(row: CopiedRow): void {
    if (row["purged"] === 1) return; // half of it is gone already
    const key = String(row["key"]);
    this.#ends.set(String(row["id"]), { key, seq: Number(row["head_seq"]), hash: String(row["head_hash"]) });
  }

  #event(row: CopiedRow): void {
    const sessionId = String(row["session_id"]);
    if (!this.#ends.has(sessionId)) return;
    const before = this.#reached.get(sessionId) ?? { seq: 0, hash: rootHash };
    const seq = Number(row["seq"]);
    if (seq !== before.seq + 1) throw this.#broken(sessionId, before.seq + 1, "an event is missing");
    const parent = row["parent_id"] === null ? {} : { parentId: String(row["parent_id"]) };
    const place = { sessionId, seq, id: String(row["id"]), at: Number(row["at"]), ...parent };
    const hash = linkHash(before.hash, { ...place, kind: String(row["kind"]), data: String(row["data"]) });
    if (hash !== row["hash"]) throw this.#broken(sessionId, seq, "its hash does not fit");
    this.#reached.set(sessionId, { seq, hash });
  }

  #blob({ hash, bytes }: CopiedRow): void {
    if (!(bytes instanceof Uint8Array) || blobHash(bytes) !== hash)
      throw this.#damaged(`the blob ${String(hash)} is damaged`);
  }

  #seal(table: SealedTable, row: CopiedRow): void {
    if (!isIntact(table, { ...row, seal: row["seal"] })) throw this.#damaged(brokenSealOf(table, row));
  }

  #broken(sessionId: string, seq: number, problem: string): Error {
    const name = this.#ends.get(sessionId)?.key ?? sessionId;
    return this.#damaged(`the log of the session “${name}” is damaged at seq ${seq}: ${problem}`);
  }

  #damaged(what: string): Error {
    const problem = `${what}. Nothing was copied; \`openclaw doctor storage\` names all that is damaged, and what to do`;
    return fault.storageUnusable({ path: this.#place, problem });
  }
}
