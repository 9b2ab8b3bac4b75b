/** The columns of tables whose rows no chain speaks for. What a row is found by and what it says are sealed alike. */
const columns = {
  receipts: ["scope", "key", "request_hash", "run_id", "session_id", "at"],
  outbox: [
    "n",
    "id",
    "session_id",
    "run_id",
    "address",
    "text",
    "created_at",
    "attempts",
    "next_at",
    "problem",
    "claim",
    "owner",
    "claimed_until",
    "may_be_sent",
    "dead_at",
    "files",
  ],
  records: ["kind", "id", "version", "data", "updated_at"],
} as const;

export type SealedTable = keyof typeof columns;

export const sealedTables: readonly SealedTable[] = ["receipts", "outbox", "records"];

/** What no two rows of a table have alike. */
export const sealedKeys = {
  receipts: ["scope", "key"],
  outbox: ["n"],
  records: ["kind", "id"],
} as const satisfies Record<SealedTable, readonly string[]>;

/** Fits no row: what was damaged once stays so, whatever else of the row is changed. */
export const brokenSeal = "broken";

/**
 * SHA-256, in hexadecimal, over the JSON array of the table's name and its columns. Databases keep no halves of surrogate
 * pairs, so a text is hashed as it comes back.
 */
export function sealOf(table: SealedTable, row: object): string {
  const cells = columns[table].map((name) => {
    const cell: unknown = Reflect.get(row, name);
    return typeof cell === "string" ? cell.toWellFormed() : (cell ?? null);
  });
  return Bun.SHA256.hash(JSON.stringify([table, ...cells]), "hex");
}

export function sealed<Row extends object>(table: SealedTable, row: Row): Row & { readonly seal: string } {
  return { ...row, seal: sealOf(table, row) };
}

/** Is the row as it was written? */
export function isIntact(table: SealedTable, row: { readonly seal: unknown }): boolean {
  return row.seal === sealOf(table, row);
}
