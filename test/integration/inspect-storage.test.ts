import { Database, type SQLQueryBindings } from "bun:sqlite";
import { afterAll, beforeAll, expect, test } from "bun:test";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkProjection } from "#sessions";
import { type Inspection, inspectStorage } from "#storage";
import { dice } from "../support/dice.ts";
import { fillHouse } from "../support/stored-house.ts";
import { tempFolder } from "../support/temp-folder.ts";

const folder = tempFolder();
const original = join(folder.path, "openclaw.db");

beforeAll(async () => fillHouse(folder.path, 7, { sessions: 3, turns: 8 }));
afterAll(() => folder[Symbol.dispose]());

function inspect(path: string): Promise<Inspection> {
  return inspectStorage({ path, checkProjection, signal: new AbortController().signal, onProgress: async () => {} });
}

/** A copy of the filled database, changed by SQL behind everybody's back. */
async function inspectAfter(...changes: readonly (readonly [string, ...SQLQueryBindings[]])[]): Promise<Inspection> {
  using copy = tempFolder();
  const path = join(copy.path, "openclaw.db");
  copyFileSync(original, path);
  using db = new Database(path);
  for (const [sql, ...params] of changes) expect(db.query(sql).run(...params).changes).toBeGreaterThan(0);
  return await inspect(path);
}

function victim(): { id: string; key: string; seq: number } {
  using db = new Database(original, { readonly: true });
  const sql = "SELECT id, key, head_seq AS head FROM sessions WHERE ended_at IS NULL ORDER BY head_seq DESC LIMIT 1";
  const row = db.query<{ id: string; key: string; head: number }, []>(sql).get();
  if (!row || row.head < 8) throw new Error("the longest session is too short");
  return { id: row.id, key: row.key, seq: row.head - 3 };
}

test("what a gateway wrote is in order, and all of it is counted", async () => {
  const { findings, found, counts } = await inspect(original);
  expect(findings).toEqual([]);
  expect(found).toBe(0);
  using db = new Database(original, { readonly: true });
  const rows = (table: string) => db.query<{ n: number }, []>(`SELECT count(*) AS n FROM ${table}`).get()?.n;
  expect(counts).toEqual({ sessions: rows("sessions"), events: rows("events"), blobs: rows("blobs") } as never);
  expect(rows("outbox")).toBe(1);
  expect(counts.blobs).toBe(2); // the prompt, and another
});

test("an event that was edited is named, and with it nothing else of its session", async () => {
  const { id, key, seq } = victim();
  const { findings } = await inspectAfter([
    "UPDATE events SET data = replace(data, ':', ': ') WHERE session_id = ? AND seq = ?",
    id,
    seq,
  ]);
  expect(findings).toEqual([{ where: "session", sessionId: id, key, seq, problem: "its hash does not fit" }]);
});

test("an event that was taken out is named", async () => {
  const { id, key, seq } = victim();
  const { findings } = await inspectAfter(["DELETE FROM events WHERE session_id = ? AND seq = ?", id, seq]);
  expect(findings).toEqual([{ where: "session", sessionId: id, key, seq, problem: "it is missing" }]);
});

test("the first of two events that changed places is named", async () => {
  const { id, key, seq } = victim();
  const { findings } = await inspectAfter(
    ["UPDATE events SET seq = -1 WHERE session_id = ? AND seq = ?", id, seq],
    ["UPDATE events SET seq = ? WHERE session_id = ? AND seq = ?", seq, id, seq + 1],
    ["UPDATE events SET seq = ? WHERE session_id = ? AND seq = -1", seq + 1, id],
  );
  expect(findings).toEqual([{ where: "session", sessionId: id, key, seq, problem: "its hash does not fit" }]);
});

test("the end of a log that was cut off is named", async () => {
  const { id, key, seq } = victim();
  const { findings } = await inspectAfter(["DELETE FROM events WHERE session_id = ? AND seq > ?", id, seq]);
  expect(findings[0]).toEqual({ where: "session", sessionId: id, key, seq: seq + 1, problem: "it is missing" });
});

test.each([
  ["a turn that ended otherwise", "UPDATE runs SET stop_reason = 'error' WHERE n = 3", /^turn .* is not as its log/],
  ["a turn that is open again", "UPDATE runs SET ended_at = NULL, stop_reason = NULL WHERE n = 3", /^turn .* is not/],
  ["a turn that is gone", "DELETE FROM runs WHERE n = 3", /^turn .* is not as its log/],
  ["a summary that is not true", "UPDATE sessions SET projection = replace(projection, 'ut\":', 'ut\":1')", /usage/],
  ["a session of another key", "UPDATE sessions SET key = 'agent:main:x' WHERE rowid = 1", /its key is not/],
  ["a receipt of no turn", "UPDATE receipts SET run_id = 'nobody'", /receipts are of turns that are not there/],
  ["a receipt of another time", "UPDATE receipts SET at = at + 1", /^receipt receipts .*: its seal does not fit/],
  ["a delivery that is further on", "UPDATE outbox SET attempts = 9", /^outbox outbox 1: its seal does not fit/],
  ["a record that says else", "UPDATE records SET data = '{}'", /^record records note 1: its seal does not fit/],
  ["an answer that says something else", "UPDATE outbox SET text = 'else'", /it is not what its turn answered/],
  ["an address that is none", "UPDATE outbox SET address = '{'", /its address cannot be read/],
  ["a prompt that is lost", "DELETE FROM blobs", /the prompt that it names is not there/],
  ["a blob with other bytes", "UPDATE blobs SET bytes = x'00'", /has other bytes/],
])("%s is found", async (_what, sql, expected) => {
  const { findings } = await inspectAfter([sql]);
  const said = findings.map(({ where, problem }) => `${where} ${problem}`);
  expect(said.filter((one) => expected.test(one))).not.toBeEmpty();
});

test("a table that is another one than this version makes is found", async () => {
  using copy = tempFolder();
  const path = join(copy.path, "openclaw.db");
  copyFileSync(original, path);
  using db = new Database(path);
  db.run("DROP INDEX runs_open; CREATE INDEX mine ON runs (seq)");
  const problems = (await inspect(path)).findings.map(({ problem }) => problem);
  expect(problems).toEqual(["the index mine is another one", "the index runs_open is not there"]);
});

test("a bit that flips anywhere is found, or changes nothing that anybody reads", async () => {
  const seed = Date.now() % 1_000_000;
  const roll = dice(seed);
  using copy = tempFolder();
  const path = join(copy.path, "openclaw.db");
  const whole = readFileSync(original);
  const meant = contentOf(original);
  const tally = { found: 0, harmless: 0 };
  for (let n = 0; n < 1_000; n++) {
    const damaged = Buffer.from(whole);
    const at = roll(whole.length >> 8) * 256 + roll(256);
    damaged[at] = (damaged[at] ?? 0) ^ (1 << roll(8));
    writeFileSync(path, damaged);
    if (await isFound(path)) tally.found += 1;
    else {
      tally.harmless += 1;
      expect(contentOf(path), `seed ${seed}, flip ${n} at byte ${at}`).toEqual(meant);
    }
    for (const beside of ["-wal", "-shm"]) writeFileSync(`${path}${beside}`, "");
  }
  expect(tally.found).toBeGreaterThan(100);
}, 120_000);

async function isFound(path: string): Promise<boolean> {
  try {
    return (await inspect(path)).found > 0;
  } catch (error) {
    expect(error).toMatchObject({ code: "storageUnusable" });
    return true;
  }
}

/** All that is read, but summaries, which are told anew from the log when they cannot be read. */
function contentOf(path: string): unknown {
  using db = new Database(path, { readonly: true });
  return [
    "SELECT id, key, agent_id, created_at, updated_at, head_seq, head_hash, ended_at, purged FROM sessions ORDER BY id",
    "SELECT * FROM events ORDER BY session_id, seq",
    "SELECT * FROM runs ORDER BY n",
    "SELECT * FROM receipts ORDER BY scope, key",
    "SELECT * FROM outbox ORDER BY n",
    "SELECT hash, bytes FROM blobs ORDER BY hash",
    "SELECT * FROM records ORDER BY kind, id",
  ].map((sql) => db.query(sql).all());
}
