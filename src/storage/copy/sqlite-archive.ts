import type { Database, SQLQueryBindings } from "bun:sqlite";
import { existsSync, renameSync, rmSync } from "node:fs";
import { fault } from "#protocol";
import { openUnwritten } from "../inspect/read-only.ts";
import { Connection } from "../sqlite/connection.ts";
import { migrations } from "../sqlite/migrations.ts";
import { troubleOf } from "../sqlite/trouble.ts";
import type { RowTarget, SourceArchive, TargetArchive } from "./archive.ts";
import { type CopiedRow, type CopiedTable, copiedTables } from "./copied-tables.ts";

const rowsAtOnce = 500;
const blobsAtOnce = 8;

/** Opened for reading alone; also while a gateway runs. */
export function openSqliteSource(path: string): SourceArchive {
  if (!existsSync(path)) throw fault.storageUnusable({ path, problem: "it is not there" });
  try {
    const db = openUnwritten(path);
    const version = db.query<{ user_version: number }, []>("PRAGMA user_version").get()?.user_version;
    if (version !== migrations.length) {
      db.close();
      const problem = `its schema is ${version ?? 0} and this version's is ${migrations.length}; start the gateway on it once`;
      throw fault.storageUnusable({ path, problem });
    }
    return { ...readerOf(db), [Symbol.asyncDispose]: async () => db.close() };
  } catch (error) {
    const problem = troubleOf(error);
    if (problem === undefined) throw error;
    throw fault.storageUnusable({ path, problem }, error);
  }
}

/** Fills a file beside the one that is meant, and puts it in its place at the end. */
export function openSqliteTarget(path: string): TargetArchive {
  const beside = `${path}.copy`;
  return {
    fill: async (work) => {
      if (existsSync(path)) await refuseFilled(path);
      removeDatabase(beside);
      const connection = new Connection(beside);
      try {
        const result = await work({
          ...readerOf(connection.db),
          put: async (table, rows) => put(connection.db, table, rows),
        });
        connection.close();
        removeDatabase(path);
        renameSync(beside, path);
        return result;
      } catch (error) {
        connection.db.close(); // what it holds goes away, so there is no log to fold into it
        removeDatabase(beside);
        const problem = troubleOf(error);
        if (problem === undefined) throw error;
        throw fault.storageUnusable({ path, problem }, error);
      }
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

async function refuseFilled(path: string): Promise<void> {
  const connection = new Connection(path);
  try {
    const rows = readerOf(connection.db);
    for (const table of copiedTables)
      if ((await rows.count(table)) > 0)
        throw fault.storageUnusable({ path, problem: `it is not empty: there are ${table.name} in it` });
  } finally {
    connection.close();
  }
}

function removeDatabase(path: string): void {
  for (const file of [path, `${path}-wal`, `${path}-shm`]) rmSync(file, { force: true });
}

function readerOf(db: Database): Omit<RowTarget, "put"> {
  return {
    count: async ({ name }) => db.query<{ n: number }, []>(`SELECT count(*) AS n FROM ${name}`).get()?.n ?? 0,
    page: async (table, last) => {
      const columns = Object.keys(table.columns).map(quoted).join(", ");
      const key = table.key.map(quoted).join(", ");
      const after = last === undefined ? "" : `WHERE (${key}) > (${table.key.map(() => "?").join(", ")})`;
      const limit = table.name === "blobs" ? blobsAtOnce : rowsAtOnce;
      const sql = `SELECT ${columns} FROM ${table.name} ${after} ORDER BY ${key} LIMIT ${limit}`;
      const params = last === undefined ? [] : table.key.map((column) => last[column] ?? null);
      return db.query<CopiedRow, SQLQueryBindings[]>(sql).all(...params);
    },
  };
}

function put(db: Database, table: CopiedTable, rows: readonly CopiedRow[]): void {
  const columns = Object.keys(table.columns);
  const places = columns.map(() => "?").join(", ");
  const insert = db.query<unknown, SQLQueryBindings[]>(
    `INSERT INTO ${table.name} (${columns.map(quoted).join(", ")}) VALUES (${places})`,
  );
  db.transaction(() => {
    for (const row of rows) insert.run(...columns.map((column) => row[column] ?? null));
  })();
}

function quoted(name: string): string {
  return `"${name}"`;
}
