import type { Connection } from "./connection.ts";

/** Small tables whose indexes decide what is found at all; the events have their hashes, and doctor reads everything. */
const checked = ["sessions", "runs", "outbox", "receipts", "records"] as const;

/** The check of a table holds everything else up, so a larger one is left to doctor. */
const mostRows = 20_000;

/** What SQLite finds wrong in the small tables, one table at a time, with a pause between two of them. */
export async function checkSmallTables(
  connection: Connection,
  pause: () => Promise<void>,
): Promise<string | undefined> {
  for (const table of checked) {
    await pause();
    const { n } = connection.db
      .query<{ readonly n: number }, []>(`SELECT count(*) AS n FROM (SELECT 1 FROM ${table} LIMIT ${mostRows + 1})`)
      .get() ?? { n: 0 };
    if (n > mostRows) continue;
    const found = connection.db
      .query<{ readonly integrity_check: string }, []>(`PRAGMA integrity_check('${table}')`)
      .get()?.integrity_check;
    if (found !== undefined && found !== "ok") return found;
  }
  return undefined;
}
