import type { EventRow } from "../event-window.ts";
import type { DocumentRecord } from "../rows/document-row.ts";
import type { OutboxRecord } from "../rows/outbox-row.ts";
import type { ReceiptRecord } from "../rows/receipt-row.ts";
import { Journal, Table } from "./table.ts";

/** The rows as every database of the house has them, by the names of the columns. */
export interface SessionRecord {
  readonly id: string;
  readonly key: string;
  readonly agent_id: string;
  readonly created_at: number;
  readonly updated_at: number;
  readonly head_seq: number;
  readonly head_hash: string;
  readonly head_id: string | null;
  readonly projection: string;
  readonly ended_at: number | null;
  /** 1 while it is taken away bit by bit. */
  readonly purged: number;
}

export interface EventRecord extends EventRow {
  readonly session_id: string;
  /** The platform's id of a `MessageSent`, by which it is looked for. */
  readonly sent_id: string | null;
}

export interface RunRecord {
  readonly n: number;
  readonly run_id: string;
  readonly session_id: string;
  readonly seq: number;
  readonly started_at: number;
  readonly resumed: number;
  readonly ended_at: number | null;
  readonly stop_reason: string | null;
}

/**
 * The tables, or as much of them as a few writes need to see. What may be written is decided here and nowhere else for
 * the backends that have no such rules of their own.
 */
export class Tables {
  readonly journal = new Journal();
  readonly sessions: Table<SessionRecord>;
  /** The id of the live session of a key. */
  readonly live: Table<{ readonly id: string }>;
  readonly events: Table<EventRecord>;
  readonly receipts: Table<ReceiptRecord>;
  readonly runs: Table<RunRecord>;
  /** The open turns of a session. */
  readonly openRuns: Table<readonly string[]>;
  readonly outbox: Table<OutboxRecord>;
  readonly records: Table<DocumentRecord>;
  /** The greatest that was given; a number that is never used leaves a gap, which means nothing. */
  lastRun = 0;
  lastOutbox = 0;

  constructor(options: { readonly remembersChanges: boolean }) {
    const { remembersChanges } = options;
    const table = <Row extends object>() => new Table<Row>(this.journal, remembersChanges);
    this.sessions = table();
    this.live = table();
    this.events = table();
    this.receipts = table();
    this.runs = table();
    this.openRuns = table();
    this.outbox = table();
    this.records = table();
  }
}

/** The key of a row that has two. */
export function pair(first: string, second: string | number): string {
  return JSON.stringify([first, second]);
}
