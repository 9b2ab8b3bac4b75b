/** Run as a process: copies a database of SQLite into another storage, and dies after so many pages and tables. */
import { Secret } from "#base";
import { copyRows } from "../../src/storage/copy/copy-rows.ts";
import { openPostgresTarget } from "../../src/storage/copy/postgres-archive.ts";
import { openSqliteSource, openSqliteTarget } from "../../src/storage/copy/sqlite-archive.ts";

async function copy(from: string, to: string, steps: number): Promise<void> {
  let left = steps;
  const target = to.startsWith("postgres:")
    ? await openPostgresTarget({ url: new Secret(to), shown: "postgres" })
    : openSqliteTarget(to);
  await using source = openSqliteSource(from);
  const { signal } = new AbortController();
  const onProgress = async () => {
    left -= 1;
    if (left === 0) process.kill(process.pid, "SIGKILL");
  };
  await copyRows({ source, target, from: "sqlite", place: to, signal, onProgress });
}

const [from = "", to = "", steps = "0"] = process.argv.slice(2);
await copy(from, to, Number(steps));
