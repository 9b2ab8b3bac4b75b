import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { newId } from "#base";
import { dice } from "../support/dice.ts";
import { newEvent, opening, openSqliteFile, received, tempFolder } from "../support/storage.ts";

const flips = 1_000;

/** What was written, by the id of its event. */
type Texts = ReadonlyMap<string, string>;

async function write(folder: string): Promise<{ readonly files: ReadonlyMap<string, Buffer>; readonly texts: Texts }> {
  const texts = new Map<string, string>();
  const database = join(folder, "state.db");
  const sessions: string[] = [];
  for (const life of [1, 2]) {
    await using storage = openSqliteFile(database); // the first life goes into the database, the second stays in its log
    for (let i = 0; i < 6; i++) {
      const sessionId = newId();
      await storage.append(opening(sessionId, `agent:main:s${life}-${i}`));
      sessions.push(sessionId);
    }
    for (let i = 0; i < 20; i++) {
      for (const sessionId of sessions) {
        const event = newEvent(received(newId(), `${sessionId} ${i} ${"word ".repeat(i * 4)}`));
        texts.set(event.id, JSON.stringify(event.event));
        await storage.append({ sessionId, events: [event] });
      }
    }
    if (life === 2) {
      const files = ["state.db", "state.db-wal"].map((name) => [name, readFileSync(join(folder, name))] as const);
      return { files: new Map(files), texts };
    }
  }
  throw new Error("there are two lives");
}

/** What can be read, and whether anything said that it cannot. */
async function read(database: string): Promise<{ readonly texts: Texts; readonly isDetected: boolean }> {
  const texts = new Map<string, string>();
  let isDetected = false;
  try {
    await using storage = openSqliteFile(database);
    for (const session of await storage.sessions({ limit: 100 })) {
      try {
        for (const { id, event } of await storage.events(session.id, { limit: 1_000, take: "first" })) {
          if (event.kind === "MessageReceived") texts.set(id, JSON.stringify(event));
        }
      } catch {
        isDetected = true; // this session is damaged, the others are read
      }
    }
  } catch {
    isDetected = true;
  }
  return { texts, isDetected };
}

function isIntact(database: string): boolean {
  const db = new Database(database, { readonly: true });
  try {
    return db.query<{ integrity_check: string }, []>("PRAGMA integrity_check").get()?.integrity_check === "ok";
  } finally {
    db.close();
  }
}

test("a flipped bit is found, by a check of the whole file at the latest, or harmless, and never another text", async () => {
  using folder = tempFolder();
  const { files, texts } = await write(folder.path);
  const seed = Number(Bun.env["FUZZ_SEED"] ?? Math.floor(Math.random() * 1e9));
  const roll = dice(seed);
  const image = join(folder.path, "image");
  const found = {
    seed,
    detected: 0,
    harmless: 0,
    cutShort: 0,
    unlisted: 0,
    wrong: [] as string[],
    silent: [] as string[],
  };
  for (let flip = 0; flip < flips; flip++) {
    rmSync(image, { recursive: true, force: true });
    mkdirSync(image);
    const [name, whole] = [...files][flip % files.size] ?? ["", Buffer.alloc(0)];
    const at = (roll(1 << 20) * 4_096 + roll(4_096)) % whole.length;
    for (const [file, bytes] of files) {
      const copy = Buffer.from(bytes);
      if (file === name) copy.writeUInt8(copy.readUInt8(at) ^ (1 << roll(8)), at);
      writeFileSync(join(image, file), copy);
    }
    const seen = await read(join(image, "state.db"));
    const where = `${name} at ${at}`;
    for (const [id, text] of seen.texts) if (texts.get(id) !== text) found.wrong.push(where);
    const isMissing = [...texts.keys()].some((id) => !seen.texts.has(id));
    if (seen.isDetected) found.detected++;
    else if (!isMissing) found.harmless++;
    else if (name.endsWith("-wal")) found.cutShort++; // SQLite takes what follows a damaged frame for the rest of an unfinished write
    else if (!isIntact(join(image, "state.db"))) found.unlisted++; // an index has lost a session: it is not listed, and `integrity_check` says so
    else found.silent.push(where);
  }
  expect(found).toMatchObject({ wrong: [], silent: [] });
  expect(found.detected).toBeGreaterThan(flips / 20);
}, 120_000);
