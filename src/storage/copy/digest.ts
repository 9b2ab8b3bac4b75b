import { fault } from "#protocol";
import { blobHash } from "../blob-hash.ts";
import { BrokenChain, linkHash, rootHash } from "../hash-chain.ts";
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

/** Follows the chains of all sessions while their rows go by, sessions first. Throws `BrokenChain` at the first link that does not fit. */
export class ChainCheck {
  readonly #ends = new Map<string, Head>();
  readonly #reached = new Map<string, Head>();

  see(table: CopiedTable, rows: readonly CopiedRow[]): void {
    if (table.name === "sessions") for (const row of rows) this.#session(row);
    if (table.name === "events") for (const row of rows) this.#event(row);
    if (table.name === "blobs") for (const row of rows) blob(row);
    const name = sealedTables.find((one) => one === table.name);
    if (name) for (const row of rows) seal(name, row);
  }

  /** Every log must end where its session says. */
  finish(): void {
    for (const [sessionId, { seq, hash }] of this.#ends) {
      const reached = this.#reached.get(sessionId) ?? { seq: 0, hash: rootHash };
      if (reached.seq === seq && reached.hash === hash) continue;
      throw new BrokenChain({ sessionId, seq: reached.seq }, `the log ends here, and should at seq ${seq}`);
    }
  }

  #session(row: CopiedRow): void {
    if (row["purged"] === 1) return; // half of it is gone already
    this.#ends.set(String(row["id"]), { seq: Number(row["head_seq"]), hash: String(row["head_hash"]) });
  }

  #event(row: CopiedRow): void {
    const sessionId = String(row["session_id"]);
    if (!this.#ends.has(sessionId)) return;
    const before = this.#reached.get(sessionId) ?? { seq: 0, hash: rootHash };
    const seq = Number(row["seq"]);
    if (seq !== before.seq + 1) throw new BrokenChain({ sessionId, seq: before.seq + 1 }, "an event is missing");
    const parent = row["parent_id"] === null ? {} : { parentId: String(row["parent_id"]) };
    const place = { sessionId, seq, id: String(row["id"]), at: Number(row["at"]), ...parent };
    const hash = linkHash(before.hash, { ...place, kind: String(row["kind"]), data: String(row["data"]) });
    if (hash !== row["hash"]) throw new BrokenChain({ sessionId, seq }, "its hash does not fit");
    this.#reached.set(sessionId, { seq, hash });
  }
}

function blob(row: CopiedRow): void {
  const { hash, bytes } = row;
  if (!(bytes instanceof Uint8Array) || blobHash(bytes) !== hash)
    throw new Error(`the blob ${String(hash)} is damaged`);
}

function seal(table: SealedTable, row: CopiedRow): void {
  if (!isIntact(table, { ...row, seal: row["seal"] }))
    throw fault.storageUnusable({ path: "the source", problem: brokenSealOf(table, row) });
}
