import type { StoredEvent } from "#protocol";
import { runChangeOf } from "../run-events.ts";
import type { RecordWrite } from "../storage.ts";
import type { PreparedAppend } from "../tables/append.ts";
import type { DocumentRecord } from "../rows/document-row.ts";
import type { OutboxRecord } from "../rows/outbox-row.ts";
import type { ReceiptRecord } from "../rows/receipt-row.ts";
import { pair, type RunRecord, type SessionRecord, Tables } from "../tables/tables.ts";
import type { Server } from "./server.ts";
import { fromText, mapTexts, toText } from "./text.ts";

/** What a write must see of the database before it can be decided. */
export interface Needs {
  readonly sessions?: readonly string[];
  readonly keys?: readonly string[];
  readonly receipts?: readonly (readonly [string, string])[];
  readonly runs?: readonly string[];
  readonly outbox?: readonly string[];
  readonly outboxPlaces?: readonly number[];
  readonly outboxOwners?: readonly string[];
  readonly records?: readonly (readonly [string, string])[];
}

export function needsOfAppend({ parts, receipt }: PreparedAppend): Needs {
  return {
    sessions: parts.map(({ part }) => part.sessionId),
    keys: parts.flatMap(({ part }) => part.opens?.key ?? []),
    receipts: receipt ? [[receipt.scope, receipt.key]] : [],
    runs: parts.flatMap(({ events }) => events.flatMap(({ event }) => runIdsOf(event))),
    outbox: parts.flatMap(({ part }) => [
      ...(part.outbox ?? []).map((row) => row.id),
      ...(part.settles ?? []).map((settlement) => settlement.id),
    ]),
  };
}

export function needsOfRecords(writes: readonly RecordWrite[]): Needs {
  return { records: writes.map(({ kind, id }) => [kind, id] as const) };
}

interface Loaded {
  readonly sessions: readonly SessionRecord[] | null;
  readonly receipts: readonly ReceiptRecord[] | null;
  readonly runs: readonly RunRecord[] | null;
  readonly outbox: readonly OutboxRecord[] | null;
  readonly records: readonly DocumentRecord[] | null;
  readonly last_run: string;
  readonly last_outbox: string;
}

const list = (n: number) => `(SELECT json_array_elements_text($${n}::text::json))`;
const pairs = (n: number) => `(SELECT p->>0, p->>1 FROM json_array_elements($${n}::text::json) p)`;

const loadSql = `SELECT
  (SELECT json_agg(s) FROM openclaw.sessions s WHERE id IN ${list(1)} OR (ended_at IS NULL AND key IN ${list(2)})) AS sessions,
  (SELECT json_agg(r) FROM openclaw.receipts r WHERE (scope, key) IN ${pairs(3)}) AS receipts,
  (SELECT json_agg(r ORDER BY n) FROM openclaw.runs r WHERE session_id IN ${list(1)}
     AND (ended_at IS NULL OR run_id IN ${list(4)})) AS runs,
  (SELECT json_agg(o) FROM openclaw.outbox o WHERE id IN ${list(5)} OR owner IN ${list(7)}
     OR n IN (SELECT p::bigint FROM json_array_elements_text($8::text::json) p)) AS outbox,
  (SELECT json_agg(r) FROM openclaw.records r WHERE (kind, id) IN ${pairs(6)}) AS records,
  (SELECT coalesce(max(n), 0) FROM openclaw.runs) AS last_run,
  (SELECT coalesce(max(n), 0) FROM openclaw.outbox) AS last_outbox`;

export interface Workspace {
  readonly tables: Tables;
  /** Ids of the sessions that the database has already. */
  readonly known: ReadonlySet<string>;
}

/** As much of the tables as these writes can look at or change. Nobody else writes, so it stays true until they are written. */
export async function loadTables(server: Server, needs: readonly Needs[]): Promise<Workspace> {
  const all = <Item>(pick: (need: Needs) => readonly Item[] | undefined) => needs.flatMap((need) => pick(need) ?? []);
  const [found] = await server.query<Loaded>(loadSql, [
    texts(all((need) => need.sessions)),
    texts(all((need) => need.keys)),
    twins(all((need) => need.receipts)),
    texts(all((need) => need.runs)),
    texts(all((need) => need.outbox)),
    twins(all((need) => need.records)),
    texts(all((need) => need.outboxOwners)),
    JSON.stringify(all((need) => need.outboxPlaces)),
  ]);
  if (!found) throw new Error("the database answered with nothing");
  return filled(found);
}

function filled(found: Loaded): Workspace {
  const tables = new Tables({ remembersChanges: true });
  const { sessions, live, receipts, runs, openRuns, outbox, records } = tables;
  for (const row of rows(found.sessions)) {
    sessions.load(row.id, row);
    if (row.ended_at === null) live.load(row.key, { id: row.id });
  }
  for (const row of rows(found.receipts)) receipts.load(pair(row.scope, row.key), row);
  for (const row of rows(found.runs)) {
    runs.load(pair(row.run_id, row.session_id), row);
    if (row.ended_at === null) openRuns.load(row.session_id, [...(openRuns.get(row.session_id) ?? []), row.run_id]);
  }
  for (const row of rows(found.outbox)) outbox.load(row.id, row);
  for (const row of rows(found.records)) records.load(pair(row.kind, row.id), row);
  tables.lastRun = Number(found.last_run);
  tables.lastOutbox = Number(found.last_outbox);
  return { tables, known: new Set([...sessions.values()].map((row) => row.id)) };
}

/** What the database is told to become; undefined when nothing changed. */
export function changesOf({ tables, known }: Workspace): Record<string, unknown> | undefined {
  const sessions = tables.sessions.changes().set;
  const records = tables.records.changes();
  const outbox = tables.outbox.changes();
  const doc = {
    newSessions: rowsFor(sessions.filter((row) => !known.has(row.id))),
    changedSessions: rowsFor(sessions.filter((row) => known.has(row.id))),
    events: rowsFor(tables.events.changes().set),
    receipts: rowsFor(tables.receipts.changes().set),
    runs: rowsFor(tables.runs.changes().set),
    goneOutbox: filledList(outbox.gone.map(toText)),
    outbox: rowsFor(outbox.set),
    goneRecords: rowsFor(records.gone.map(recordKey)),
    records: rowsFor(records.set),
  };
  return Object.values(doc).some((changed) => changed !== undefined) ? doc : undefined;
}

function rowsFor<Row extends object>(changed: readonly Row[]): readonly Row[] | undefined {
  return filledList(changed.map((row) => mapTexts(row, toText)));
}

function filledList<Item>(items: readonly Item[]): readonly Item[] | undefined {
  return items.length === 0 ? undefined : items;
}

function texts(items: readonly string[]): string {
  return JSON.stringify([...new Set(items)].map(toText));
}

function twins(items: readonly (readonly [string, string])[]): string {
  return JSON.stringify(items.map(([first, second]) => [toText(first), toText(second)]));
}

function rows<Row extends object>(found: readonly Row[] | null): readonly Row[] {
  return (found ?? []).map((row) => mapTexts(row, fromText));
}

/** The other way of `pair`. */
function recordKey(key: string): { readonly kind: string; readonly id: string } {
  const [kind, id]: readonly string[] = JSON.parse(key);
  if (kind === undefined || id === undefined) throw new Error("a record has no key");
  return { kind, id };
}

function runIdsOf(event: StoredEvent["event"]): string[] {
  const change = runChangeOf({ event });
  return change && "runId" in change ? [change.runId] : [];
}
