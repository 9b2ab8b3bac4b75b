import type { Database, SQLQueryBindings } from "bun:sqlite";
import { sealedKeys, sealedTables, sealOf } from "../rows/seal.ts";

const rowsAtOnce = 500;

/** Seals what an older version wrote, as it is. Inside a transaction of the caller's. */
export function sealRows(db: Database): void {
  for (const table of sealedTables) {
    const key = sealedKeys[table];
    const names = key.join(", ");
    const places = key.map(() => "?").join(", ");
    using first = db.prepare<Row, [number]>(`SELECT * FROM ${table} ORDER BY ${names} LIMIT ?`);
    using next = db.prepare<Row, Cell[]>(
      `SELECT * FROM ${table} WHERE (${names}) > (${places}) ORDER BY ${names} LIMIT ?`,
    );
    using seal = db.prepare<unknown, Cell[]>(`UPDATE ${table} SET seal = ? WHERE (${names}) = (${places})`);
    const keyOf = (row: Row) => key.map((name) => row[name] ?? null);
    for (let rows = first.all(rowsAtOnce); ;) {
      for (const row of rows) seal.run(sealOf(table, row), ...keyOf(row));
      const last = rows.at(-1);
      if (!last) break;
      rows = next.all(...keyOf(last), rowsAtOnce);
    }
  }
}

type Cell = Extract<SQLQueryBindings, string | number | null>;
type Row = Readonly<Record<string, Cell>>;
