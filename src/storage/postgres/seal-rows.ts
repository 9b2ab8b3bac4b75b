import { sealedKeys, sealedTables, sealOf } from "../rows/seal.ts";
import type { Server } from "./server.ts";
import { fromText, mapTexts } from "./text.ts";

type Query = Parameters<Parameters<Server["transaction"]>[0]>[0];
type Row = Readonly<Record<string, string | number | null>>;

const rowsAtOnce = 500;

/** Seals what an older version wrote, as it is. Inside a transaction of the caller's. */
export async function sealRows(query: Query): Promise<void> {
  for (const table of sealedTables) {
    const key = sealedKeys[table];
    const isSame = key.map((name) => `t.${name}::text = r->>'${name}'`).join(" AND ");
    for (;;) {
      const found = await query<{ readonly found: Row }>(
        `SELECT row_to_json(t) AS found FROM openclaw.${table} t WHERE seal = '' LIMIT ${rowsAtOnce}`,
      );
      if (found.length === 0) break;
      const seals = found.map(({ found: row }) => ({
        ...row,
        seal: sealOf(table, mapTexts(row, fromText)),
      }));
      await query(
        `UPDATE openclaw.${table} t SET seal = r->>'seal' FROM json_array_elements($1::text::json) r WHERE ${isSame}`,
        [JSON.stringify(seals)],
      );
    }
  }
}
