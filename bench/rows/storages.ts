import { join } from "node:path";
import { newId, Secret, silentLog, systemClock } from "#base";
import { openStorage, readStorageUrl, type Storage } from "#storage";
import { hasPostgres, sharedPostgres } from "../../test/support/postgres.ts";
import { newEvent, opening, received } from "../../test/support/storage.ts";
import { tempFolder } from "../../test/support/temp-folder.ts";
import type { Figure, Row } from "../row.ts";

const sessions = 64;
const text = "x".repeat(500);

/** What each storage takes in this process, 64 sessions at once; the server of PostgreSQL shares the machine. */
export const storages: Row = async (peer, { storageSeconds }) => {
  if (peer.name !== "gateway") return []; // the storages are the house's own, whoever stands beside it
  const urls = ["sqlite", "memory:", ...(hasPostgres() ? [await (await sharedPostgres()).newDatabase()] : [])];
  const figures: Figure[] = [];
  for (const url of urls) figures.push(await measured(url, storageSeconds));
  return figures;
};

async function measured(url: string, seconds: number): Promise<Figure> {
  using folder = tempFolder();
  const read = readStorageUrl(new Secret(url));
  if (!read.ok) throw new Error(read.because);
  const databasePath = join(folder.path, "state.db");
  await using storage = await openStorage({ place: read.place, databasePath, log: silentLog, clock: systemClock });
  const begin = performance.now();
  const end = begin + seconds * 1_000;
  const counts = await Promise.all(Array.from({ length: sessions }, () => appendUntil(storage, end)));
  const events = counts.reduce((sum, count) => sum + count, 0);
  const value = events / ((performance.now() - begin) / 1_000);
  return { what: `${storage.backend}: events appended, ${sessions} sessions`, unit: "/s", value };
}

async function appendUntil(storage: Storage, end: number): Promise<number> {
  const sessionId = newId();
  await storage.append(opening(sessionId, `agent:main:${sessionId}`));
  let count = 0;
  for (; performance.now() < end; count++) {
    await storage.append({ sessionId, events: [newEvent(received(newId(), text))] });
    if (count % 16 === 0) await Bun.sleep(0); // memory answers without ever giving the loop back
  }
  return count;
}
