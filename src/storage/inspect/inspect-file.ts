import { Database } from "bun:sqlite";
import { migrations } from "../sqlite/migrations.ts";
import type { Findings } from "./finding.ts";
import type { ReadOnlyDatabase } from "./read-only.ts";

const mostComplaints = 100;

interface SchemaEntry {
  readonly type: string;
  readonly name: string;
  readonly sql: string | null;
}

/** The file as SQLite sees it: pages, indexes, references, and whether the tables are those of this version. */
export function inspectFile(db: ReadOnlyDatabase, findings: Findings): void {
  const version = db.one<{ user_version: number }>("PRAGMA user_version")?.user_version;
  if (version !== migrations.length) {
    const problem = `its schema is ${version ?? 0} and this version's is ${migrations.length}`;
    findings.add({ where: "file", problem });
  }
  for (const { integrity_check: said } of db.rows<{ integrity_check: string }>(
    `PRAGMA integrity_check(${mostComplaints})`,
  ))
    if (said !== "ok") findings.add({ where: "file", problem: said });
  const lost = new Map<string, number>();
  for (const { table, parent } of db.rows<{ table: string; parent: string }>("PRAGMA foreign_key_check")) {
    const problem = `rows of ${table} point to ${parent} that are not there`;
    lost.set(problem, (lost.get(problem) ?? 0) + 1);
  }
  for (const [problem, count] of lost) findings.add({ where: "file", problem: `${count} ${problem}` });
  if (version === migrations.length) compareSchema(db, findings);
}

/** A flipped bit in the text of a table's definition gives a column another default or another name. */
function compareSchema(db: ReadOnlyDatabase, findings: Findings): void {
  const meant = meantSchema();
  for (const { type, name, sql } of db.rows<SchemaEntry>(schemaOf)) {
    if (meant.get(`${type} ${name}`) !== sql)
      findings.add({ where: "file", problem: `the ${type} ${name} is another one` });
    meant.delete(`${type} ${name}`);
  }
  for (const missing of meant.keys()) findings.add({ where: "file", problem: `the ${missing} is not there` });
}

/** What SQLite makes for itself has no text. */
const schemaOf = "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL";

function meantSchema(): Map<string, string | null> {
  using fresh = new Database(":memory:", { strict: true });
  for (const step of migrations) fresh.run(step);
  const entries = fresh.query<SchemaEntry, []>(schemaOf).all();
  return new Map(entries.map(({ type, name, sql }) => [`${type} ${name}`, sql]));
}
