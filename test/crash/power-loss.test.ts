import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { dice } from "../support/dice.ts";
import { openSqliteFile, tempFolder } from "../support/storage.ts";
import { readChanges, RecordedDisk } from "./disk/recorded-disk.ts";
import { compileShim, noShim } from "./disk/shim.ts";

const images = 500;
const acknowledgementsEach = 600;

interface Written {
  readonly log: Buffer;
  /** Events that were acknowledged, and how long the log was when they were. */
  readonly acknowledged: readonly { readonly id: string; readonly after: number }[];
}

/** Two lives of a writer, each killed: the second one finds what the first one did not sync. */
async function write(folder: string, mode: "synced" | "unsynced"): Promise<Written> {
  const library = compileShim(folder);
  const [database, sideLog] = [join(folder, "state.db"), join(folder, "side.log")];
  const acknowledged: { id: string; after: number }[] = [];
  for (let life = 0; life < 2; life++) {
    const writer = join(import.meta.dir, "disk/power-writer.ts");
    const child = Bun.spawn([process.execPath, writer, database, sideLog, String(acknowledgementsEach), mode], {
      env: { PATH: "/usr/bin:/bin", LD_PRELOAD: library, SHIM_FILES: database, SHIM_LOG: sideLog },
      stdout: "pipe",
      stderr: "inherit",
    });
    const text = await child.stdout.text();
    await child.exited;
    for (const line of text.split("\n").slice(0, -1)) {
      const [id = "", after] = line.split(" ");
      acknowledged.push({ id, after: Number(after) });
    }
  }
  return { log: readFileSync(sideLog), acknowledged };
}

/** Cuts the power at so many places, opens what is left, and counts what was acknowledged and is gone. */
async function cutPower(folder: string, { log, acknowledged }: Written) {
  const changes = readChanges(log);
  const seed = Math.floor(Math.random() * 1e9);
  const roll = dice(seed);
  const first = changes.findIndex(({ end }) => end >= (acknowledged[0]?.after ?? 0));
  const cuts = Array.from({ length: images }, () => first + roll(changes.length - first)).toSorted((a, b) => a - b);
  const found = { seed, checkpoints: 0, lost: 0, broken: [] as string[], opened: 0 };
  found.checkpoints = changes.filter(({ kind, path }) => kind === "sync" && path.endsWith(".db")).length;
  const disk = new RecordedDisk();
  let next = 0;
  for (const cut of cuts) {
    for (; next <= cut; next++) {
      const change = changes[next];
      if (change) disk.apply(change);
    }
    const percent = [0, 5, 50, 95, 100][roll(5)] ?? 0;
    const files = disk.afterPowerCut(() => roll(100) < percent);
    const end = changes[cut]?.end ?? 0;
    const due = acknowledged.filter(({ after }) => after <= end).map(({ id }) => id);
    try {
      const there = await readImage(join(folder, "image"), files);
      found.lost += due.filter((id) => !there.has(id)).length;
      found.opened++;
    } catch (error) {
      found.broken.push(`cut at ${cut}, ${percent} %: ${String(error)}`);
    }
  }
  return found;
}

async function readImage(folder: string, files: ReadonlyMap<string, Buffer>): Promise<ReadonlySet<string>> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  // The index of the log is memory that is shared by way of a file; it is made anew.
  for (const [path, bytes] of files) if (!path.endsWith("-shm")) writeFileSync(join(folder, basename(path)), bytes);
  const database = join(folder, "state.db");
  const ids = new Set<string>();
  {
    await using storage = openSqliteFile(database);
    for (const session of await storage.sessions({ limit: 1_000 })) {
      const events = await storage.events(session.id, { limit: 100_000, take: "first" });
      if (events.length !== session.headSeq) throw new Error(`${events.length} events of ${session.headSeq}`);
      for (const { id } of events) ids.add(id);
    }
  }
  const db = new Database(database, { readonly: true });
  const integrity = db.query<{ integrity_check: string }, []>("PRAGMA integrity_check").get();
  db.close();
  if (integrity?.integrity_check !== "ok") throw new Error(JSON.stringify(integrity));
  return ids;
}

describe.skipIf(noShim !== undefined)(`a power cut${noShim === undefined ? "" : ` (not tried: ${noShim})`}`, () => {
  test("at any moment, with any part of what was not synced, takes nothing that was acknowledged", async () => {
    using folder = tempFolder();
    const written = await write(folder.path, "synced");
    expect(written.acknowledged.length).toBe(2 * acknowledgementsEach);
    const found = await cutPower(folder.path, written);
    expect(found).toMatchObject({ lost: 0, broken: [], opened: images });
    expect(found.checkpoints).toBeGreaterThan(2); // the log has gone into the database, and was begun anew
  }, 300_000);

  test("would take some if commits were not synced: the look works", async () => {
    using folder = tempFolder();
    const found = await cutPower(folder.path, await write(folder.path, "unsynced"));
    expect(found.lost).toBeGreaterThan(0);
  }, 300_000);
});
