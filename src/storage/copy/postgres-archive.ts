import { type Log, type Secret, silentLog } from "#base";
import { fault } from "#protocol";
import { decodeEvent } from "../event-text.ts";
import { Claim } from "../postgres/claim.ts";
import { migrations } from "../postgres/migrations.ts";
import { prepareDatabase } from "../postgres/prepare-database.ts";
import { type Param, Server } from "../postgres/server.ts";
import { fromText, mapTexts, toText } from "../postgres/text.ts";
import { troubleOf } from "../postgres/trouble.ts";
import { sentIdOf } from "../tables/append.ts";
import type { RowSource, SourceArchive, TargetArchive } from "./archive.ts";
import type { CopiedRow, CopiedTable } from "./copied-tables.ts";

const rowsAtOnce = 500;
const blobsAtOnce = 8;

interface PostgresPlace {
  readonly url: Secret;
  readonly shown: string;
}

type Query = <Row>(sql: string, params?: readonly Param[]) => Promise<readonly Row[]>;

/** `holds`: no gateway writes there as long as this is open. */
export async function openPostgresSource(place: PostgresPlace, holds: boolean): Promise<SourceArchive> {
  return opened(place, holds, async (server, held) => {
    await checkSchema(server, place);
    const query: Query = (sql, params) => server.query(sql, params);
    return { ...readerOf(query), [Symbol.asyncDispose]: () => held.disposeAsync() };
  });
}

/** All that `work` reads is of one moment, also while a gateway writes. */
export async function readPostgres<T>(place: PostgresPlace, work: (rows: RowSource) => Promise<T>): Promise<T> {
  return opened(place, false, async (server) => {
    await checkSchema(server, place);
    return server.transaction(async (query) => {
      await query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY");
      return work(readerOf(query));
    });
  });
}

/** Holds the database, and fills it in one transaction. */
export async function openPostgresTarget(place: PostgresPlace): Promise<TargetArchive> {
  return opened(place, true, async (server, held) => {
    await prepareDatabase(server, place.shown);
    return {
      fill: (work) =>
        server.transaction((query) => work({ ...readerOf(query), put: (table, rows) => put(query, table, rows) })),
      [Symbol.asyncDispose]: () => held.disposeAsync(),
    };
  });
}

async function checkSchema(server: Server, place: PostgresPlace): Promise<void> {
  const [found] = await server.query<{ readonly step: string | null }>(
    "SELECT CASE WHEN to_regclass('openclaw.gateway') IS NULL THEN NULL ELSE 0 END AS step",
  );
  if (found?.step === null) throw fault.storageUnusable({ path: place.shown, problem: "no gateway has written there" });
  const [row] = await server.query<{ readonly step: number }>("SELECT schema_step::int AS step FROM openclaw.gateway");
  if (row?.step !== migrations.length) {
    const problem = `its schema is ${row?.step ?? 0} and this version's is ${migrations.length}; start the gateway on it once`;
    throw fault.storageUnusable({ path: place.shown, problem });
  }
}

async function opened<T>(
  { url, shown }: PostgresPlace,
  holds: boolean,
  work: (server: Server, held: AsyncDisposableStack) => Promise<T>,
): Promise<T> {
  await using open = new AsyncDisposableStack();
  try {
    if (holds) {
      const claim = open.adopt(claimOf(url, silentLog), (held) => held.close());
      if (!(await claim.acquire())) {
        const advice = "let it end first";
        throw fault.alreadyRunning({ home: `the database ${shown}`, pid: await claim.otherProcess(), advice });
      }
    }
    const server = open.adopt(new Server({ url, mostConnections: 1 }), (pool) => pool.close());
    const held = new AsyncDisposableStack();
    const result = await work(server, held);
    held.use(open.move());
    return result;
  } catch (error) {
    const problem = troubleOf(error)?.problem;
    if (problem === undefined) throw error;
    throw fault.storageUnusable({ path: shown, problem }, error);
  }
}

function claimOf(url: Secret, log: Log): Claim {
  return new Claim(new Server({ url, mostConnections: 1 }), log);
}

function readerOf(query: Query): RowSource {
  return {
    count: async ({ name }) => {
      const [found] = await query<{ readonly n: string }>(`SELECT count(*) AS n FROM openclaw.${name}`);
      return Number(found?.n ?? 0);
    },
    page: async (table, last) => {
      const key = table.key.map(quoted).join(", ");
      const after = last === undefined ? "" : `WHERE (${key}) > (${table.key.map(keyParam(table)).join(", ")})`;
      const limit = table.name === "blobs" ? blobsAtOnce : rowsAtOnce;
      const sql = `SELECT ${Object.keys(table.columns).map(column(table)).join(", ")} FROM openclaw.${table.name} ${after}
        ORDER BY ${key} LIMIT ${limit}`;
      const rows = await query<CopiedRow>(sql, last === undefined ? [] : table.key.map((name) => paramOf(last[name])));
      return rows.map((row) => plainBytes(mapTexts(row, fromText)));
    },
  };
}

/** Numbers beyond 32 bits are numbers, too, when they are read as double precision; the largest of ours has 43. */
function column(table: CopiedTable): (name: string) => string {
  return (name) => (table.columns[name] === "number" ? `${quoted(name)}::float8 AS ${quoted(name)}` : quoted(name));
}

function keyParam(table: CopiedTable): (name: string, index: number) => string {
  return (name, index) => `$${index + 1}::${table.columns[name] === "number" ? "bigint" : "text"}`;
}

function paramOf(value: CopiedRow[string] | undefined): Param {
  return typeof value === "string" ? toText(value) : (value ?? null);
}

/** A blob comes as a `Buffer`, which is a view of something larger. */
function plainBytes(row: CopiedRow): CopiedRow {
  const bytes = row["bytes"];
  return ArrayBuffer.isView(bytes) ? { ...row, bytes: new Uint8Array(bytes) } : row;
}

async function put(query: Query, table: CopiedTable, rows: readonly CopiedRow[]): Promise<void> {
  const columns = Object.keys(table.columns);
  const names = (table.name === "events" ? [...columns, "sent_id"] : columns).map(quoted).join(", ");
  const values = columns
    .map((name) => (table.columns[name] === "bytes" ? `decode(r->>'${name}', 'base64')` : `(r->>'${name}')`))
    .map((value, i) => (table.columns[columns[i] ?? ""] === "number" ? `${value}::bigint` : value));
  const derived = table.name === "events" ? ", r->>'sent_id'" : "";
  const sql = `INSERT INTO openclaw.${table.name} (${names})
    SELECT ${values.join(", ")}${derived} FROM json_array_elements($1::text::json) r`;
  await query(sql, [JSON.stringify(rows.map((row) => sendable(table, row)))]);
}

function sendable(table: CopiedTable, row: CopiedRow): CopiedRow {
  const whole: CopiedRow = table.name === "events" ? { ...row, sent_id: sentId(row) } : row;
  const cells = Object.entries(whole).map(([name, value]) => {
    if (typeof value === "string") return [name, toText(value)];
    return [name, value instanceof Uint8Array ? value.toBase64() : value];
  });
  return Object.fromEntries(cells);
}

function sentId({ kind, data }: CopiedRow): string | null {
  return kind === "MessageSent" ? sentIdOf(decodeEvent(String(data))) : null;
}

function quoted(name: string): string {
  return `"${name}"`;
}
