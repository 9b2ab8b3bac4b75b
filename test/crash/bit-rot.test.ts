import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { newId } from "#base";
import type { Storage } from "#storage";
import { dice } from "../support/dice.ts";
import { newEvent, opening, openSqliteFile, received, tempFolder } from "../support/storage.ts";

const flips = 1_000;

/** What was written, by the id of its event, or the table and key of its row. */
type Texts = ReadonlyMap<string, string>;

const to = { channel: "pigeon", chat: "c" };

/** Receipts, outbox rows and records of one session, as they are written. */
function rowsOf(sessionId: string) {
  const ids = Array.from({ length: 8 }, (_, i) => `${sessionId}-${i}`);
  return {
    receipts: ids.map((key) => ({ scope: "inbound:pigeon", key, requestHash: key.repeat(2), runId: `run-${key}` })),
    outbox: ids.map((id) => ({ id, to: { ...to, chat: id }, text: `answer ${id} ${"word ".repeat(20)}` })),
    records: ids.map((id) => ({ kind: "device", id, data: JSON.stringify({ id, scopes: ["operator.read"] }) })),
  };
}

async function writeRows(storage: Storage, sessionId: string, texts: Map<string, string>): Promise<void> {
  const { receipts, outbox, records } = rowsOf(sessionId);
  for (const [i, receipt] of receipts.entries()) {
    const row = outbox[i];
    await storage.append({ sessionId, events: [], receipt, ...(row && { outbox: [row] }) });
    texts.set(`receipt ${receipt.key}`, JSON.stringify([receipt.requestHash, receipt.runId, sessionId]));
    if (row) texts.set(`outbox ${row.id}`, JSON.stringify([row.to, row.text]));
  }
  await storage.writeRecords(records);
  for (const { id, data } of records) texts.set(`record ${id}`, data);
}

/** What is believed of the rows; true where one says that it is damaged. */
async function readRows(storage: Storage, wanted: Texts, texts: Map<string, string>): Promise<boolean> {
  const rows = await storage.outbox({ limit: 1_000 });
  for (const row of rows.filter(({ isDamaged }) => !isDamaged))
    texts.set(`outbox ${row.id}`, JSON.stringify([row.to, row.text]));
  const records = await storage.records({ kind: "device", limit: 1_000 });
  for (const row of records.filter(({ isDamaged }) => !isDamaged)) texts.set(`record ${row.id}`, row.data);
  for (const key of wanted.keys()) {
    if (!key.startsWith("receipt ")) continue;
    const receipt = await storage.receipt("inbound:pigeon", key.slice("receipt ".length));
    if (receipt && !receipt.isDamaged)
      texts.set(key, JSON.stringify([receipt.requestHash, receipt.runId, receipt.sessionId]));
  }
  return (await storage.health()).warning !== undefined;
}

async function write(folder: string): Promise<{
  readonly files: ReadonlyMap<string, Buffer>;
  readonly logIndex: Buffer;
  readonly texts: Texts;
}> {
  const texts = new Map<string, string>();
  const database = join(folder, "state.db");
  const sessions: string[] = [];
  for (const life of [1, 2]) {
    await using storage = openSqliteFile(database); // the first life goes into the database, the second stays in its log
    for (let i = 0; i < 6; i++) {
      const sessionId = newId();
      await storage.append(opening(sessionId, `agent:main:s${life}-${i}`));
      sessions.push(sessionId);
      await writeRows(storage, sessionId, texts);
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
      return { files: new Map(files), logIndex: readFileSync(join(folder, "state.db-shm")), texts };
    }
  }
  throw new Error("there are two lives");
}

/** What can be read, and whether anything said that it cannot. */
async function read(database: string, wanted: Texts): Promise<{ readonly texts: Texts; readonly isDetected: boolean }> {
  const texts = new Map<string, string>();
  let isDetected = false;
  try {
    await using storage = openSqliteFile(database);
    if ((await storage.health()).warning !== undefined) isDetected = true; // the log has lost its end
    for (const session of await storage.sessions({ limit: 100 })) {
      try {
        for (const { id, event } of await storage.events(session.id, { limit: 1_000, take: "first" })) {
          if (event.kind === "MessageReceived") texts.set(id, JSON.stringify(event));
        }
      } catch {
        isDetected = true; // this session is damaged, the others are read
      }
    }
    if (await readRows(storage, wanted, texts)) isDetected = true;
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
  const { files, logIndex, texts } = await write(folder.path);
  const seed = Number(Bun.env["FUZZ_SEED"] ?? Math.floor(Math.random() * 1e9));
  const roll = dice(seed);
  const image = join(folder.path, "image");
  const found = {
    seed,
    detected: 0,
    harmless: 0,
    otherLog: 0,
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
    writeFileSync(join(image, "state.db-shm"), logIndex);
    const seen = await read(join(image, "state.db"), texts);
    const where = `${name} at ${at}`;
    for (const [id, text] of seen.texts) if (texts.get(id) !== text) found.wrong.push(where);
    const isMissing = [...texts.keys()].some((id) => !seen.texts.has(id));
    if (seen.isDetected) found.detected++;
    else if (!isMissing) found.harmless++;
    else if (name.endsWith("-wal") && at >= 16 && at < 24) found.otherLog++; // by its salt it is not the log that the index is of
    else if (!isIntact(join(image, "state.db"))) found.unlisted++; // an index has lost a row: it is not listed, and `integrity_check` says so
    else found.silent.push(where);
  }
  expect(found).toMatchObject({ wrong: [], silent: [] });
  expect(found.detected).toBeGreaterThan(flips / 20);
}, 120_000);
