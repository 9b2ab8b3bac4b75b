import type { Address, SessionEvent, StoredEvent } from "#protocol";
import type { OutboxFile } from "./outbox-file.ts";

/** A session as the storage lists it: who it is, where its log ends, and what its fold remembers beside the messages. */
export interface SessionRow {
  readonly id: string;
  readonly key: string;
  readonly agentId: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly headSeq: number;
  readonly headHash: string;
  /** The fold of all but the messages, as JSON; can be rebuilt from the log. */
  readonly projection: string;
  /** When `SessionEnded` was appended; an ended session keeps its log and gives its key free. */
  readonly endedAt?: number;
}

export interface NewEvent {
  readonly id: string;
  readonly at: number;
  readonly event: SessionEvent;
}

/** The mark a request leaves so that its repetition is known: `key` within `scope`, and a hash of what was asked. */
export interface NewReceipt {
  readonly scope: string;
  readonly key: string;
  readonly requestHash: string;
  readonly runId: string;
}
export interface Receipt extends NewReceipt {
  readonly sessionId: string;
  readonly at: number;
  /** It is not as it was written: there was such a request, and nothing else that it says can be believed. */
  readonly isDamaged?: true;
}

export interface NewOutboxRow {
  readonly id: string;
  readonly to: Address;
  readonly text: string;
  /** The turn whose answer it carries; absent when it is a message of its own. */
  readonly runId?: string;
  readonly files?: readonly OutboxFile[];
}
export interface OutboxRow extends NewOutboxRow {
  readonly sessionId: string;
  /** The key of that session. */
  readonly key: string;
  /** Its place in the queue, which only grows. */
  readonly n: number;
  /** When it was put there, or put back after it was dead. */
  readonly createdAt: number;
  readonly attempts: number;
  readonly nextAt: number;
  readonly problem?: string;
  /** Counts the claims on it. Whoever changes a row names the claim it holds, so one that was overtaken changes nothing. */
  readonly claim: number;
  /** Until then the last claim keeps others away; absent when nobody holds it. */
  readonly claimedUntil?: number;
  /** A try was begun and nobody heard how it ended: the platform may have the message. */
  readonly mayBeSent: boolean;
  /** When it was given up. A dead row is not sent and holds nothing up; it waits for a person. */
  readonly deadAt?: number;
  /** It is not as it was written: it must not be sent, and cannot be claimed. `key` is empty where its session is not there. */
  readonly isDamaged?: true;
}

/** Who takes a row, and what it knew of it. */
export interface OutboxClaim {
  readonly owner: string;
  /** The `claim` of the row as it was read. */
  readonly claim: number;
  readonly now: number;
  readonly until: number;
}

/**
 * What an append does to rows of the outbox, in its own transaction. It rejects with `claimLost`, and writes nothing, when
 * the row is gone or another claim came after; `replayed` and `dropped` are for dead rows alone, for others they reject
 * with `deadLetterNotFound`. A replayed row goes to the end of its chat's queue; a damaged one is `deadLetterDamaged`.
 */
export type Settlement =
  | { readonly id: string; readonly as: "sent"; readonly claim: number }
  | {
      readonly id: string;
      readonly as: "dead";
      readonly claim: number;
      readonly attempts: number;
      readonly problem: string;
      readonly mayBeSent: boolean;
    }
  | { readonly id: string; readonly as: "replayed" | "dropped" };

/** What goes to the log in one transaction: all of it, or nothing. */
export interface Append {
  readonly sessionId: string;
  /** Present on the first append of a session: opens it in the same transaction. */
  readonly opens?: { readonly key: string; readonly agentId: string };
  readonly events: readonly NewEvent[];
  readonly projection?: string;
  readonly receipt?: NewReceipt;
  readonly outbox?: readonly NewOutboxRow[];
  readonly settles?: readonly Settlement[];
  /** What follows in the same transaction: how a reset ends one session and opens the next. */
  readonly successor?: Omit<Append, "receipt" | "successor">;
}

/** `events` are those of the append, then those of its successor. Refused when the receipt was there already: then nothing of the append was written. */
export type Appended =
  | { readonly taken: true; readonly events: readonly StoredEvent[] }
  | { readonly taken: false; readonly receipt: Receipt };

/**
 * A turn as the log knows it: begun by `MessageReceived`, ended by an `AgentResponse` that is no tool use, or by the end
 * of its session (then `stopReason` is `aborted`).
 */
export interface RunRow {
  /** Grows from turn to turn: for paging. */
  readonly n: number;
  readonly runId: string;
  readonly sessionId: string;
  /** The key of that session. */
  readonly key: string;
  /** Of its `MessageReceived`. */
  readonly seq: number;
  readonly startedAt: number;
  readonly endedAt?: number;
  /** How often it was taken up again after a crash: the `StateChanged` events of the key `run.resumed` that name it. */
  readonly resumed: number;
  /** The `stopReason` that ended it. */
  readonly stopReason?: string;
}

/** Where a `MessageSent` stands in the logs. */
export interface SentPlace {
  readonly sessionId: string;
  /** The key of that session. */
  readonly key: string;
  readonly seq: number;
}

export interface BlobRow {
  /** SHA-256 of the bytes, in hexadecimal. */
  readonly hash: string;
  readonly mimeType: string;
  readonly bytes: Uint8Array;
}

/**
 * A document that the house keeps beside the log: a pairing, a binding, a job. Small, and known by its kind and id. The
 * version counts its changes from 1, so that two who change it at once do not overwrite each other.
 */
export interface RecordRow {
  readonly kind: string;
  readonly id: string;
  readonly version: number;
  /** JSON. */
  readonly data: string;
  readonly updatedAt: number;
  /** It is not as it was written. Its `data` is `null`, so that whoever does not ask takes nothing from it. */
  readonly isDamaged?: true;
}

/** `data` undefined takes the record away. `expected` is the version that it must have, 0 for none; without it, any. */
export interface RecordWrite {
  readonly kind: string;
  readonly id: string;
  readonly data: string | undefined;
  readonly expected?: number;
}

export interface EventRange {
  /** Only events with a greater seq. */
  readonly after?: number;
  /** Only events with a smaller seq. */
  readonly before?: number;
  readonly limit: number;
  /** `last` returns the newest `limit` events of the range; either way they come oldest first. */
  readonly take: "first" | "last";
}

export interface EndedSession {
  readonly id: string;
  readonly endedAt: number;
}

/** A blob that is a file of a message. */
export interface FileBlob {
  readonly hash: string;
  /** When it was put; a while after that, putting it again counts anew. */
  readonly at: number;
  readonly bytes: number;
}

/** Small steps, each a few milliseconds at most, of which others make what is to be done. */
export interface Upkeep {
  /** The ended last come first; `before` is the last one seen. */
  endedSessions(page: { readonly before?: EndedSession; readonly limit: number }): Promise<readonly EndedSession[]>;
  /** Some of the bytes of a session's events, those behind `after`; `last` is absent when there are none. */
  weigh(sessionId: string, after: number): Promise<{ readonly bytes: number; readonly last?: number }>;
  /** Blobs of a sort that were put before that time, the oldest first. */
  blobs(kind: {
    readonly mimeType: string;
    readonly before: number;
    readonly limit: number;
  }): Promise<readonly string[]>;
  /** The prompts that some events name, in the order in which the events were written; `last` is where to go on. */
  promptsNamed(after: number): Promise<{ readonly hashes: readonly string[]; readonly last?: number }>;
  /** Undefined, and nothing is deleted, when there are events behind `upTo`. */
  deleteBlobs(
    hashes: readonly string[],
    known: { readonly mimeType: string; readonly before: number; readonly upTo: number },
  ): Promise<number | undefined>;
  /** Blobs of all sorts but one, the last put first; `before` is the last one seen. */
  files(page: {
    readonly besides: string;
    readonly before?: FileBlob;
    readonly limit: number;
  }): Promise<readonly FileBlob[]>;
  /** Leaves what was put after that time, and what a row of the outbox, or a record of these kinds, names. Tells how many went. */
  deleteFiles(
    hashes: readonly string[],
    spared: { readonly besides: string; readonly before: number; readonly namedBy: readonly string[] },
  ): Promise<number>;
  /** Gives a little of the room of what was deleted back to the file system. True when there may be more. */
  reclaim(): Promise<boolean>;
}

/**
 * The only databases of the house. One append-only log per session is the truth; the other tables are indexes of it, kept
 * in the same transactions. Everything is asynchronous because the next backends are.
 */
export interface Storage extends AsyncDisposable {
  readonly backend: "sqlite" | "postgres" | "memory";

  /**
   * Resolves when the events are on disk, not before. Appends asked for together are committed together; they keep the
   * order in which they were asked for. Rejects with `storageUnavailable` when the disk does not take it, when too many
   * wait, or when the storage is closed: then nothing of it was written.
   */
  append(append: Append): Promise<Appended>;

  /** Rejects with an error naming the session and seq when a hash does not fit its event. */
  events(sessionId: string, range: EventRange): Promise<readonly StoredEvent[]>;

  /** The live session of a key. */
  sessionByKey(key: string): Promise<SessionRow | undefined>;
  /** Sessions of a key that were ended and are still on disk, oldest first. */
  endedSessions(key: string): Promise<readonly SessionRow[]>;
  /**
   * Live sessions, the last used first. `before` is the `updatedAt` of the last one seen, `beforeId` its id; without the
   * id, sessions used in that same millisecond are skipped.
   */
  sessions(page: {
    readonly limit: number;
    readonly before?: number;
    readonly beforeId?: string;
  }): Promise<readonly SessionRow[]>;
  /**
   * Takes a session with all of its events, receipts, runs and outbox rows off the disk. It is gone for readers at once;
   * a crash in the middle leaves a rest that the next start takes away.
   */
  deleteSession(sessionId: string): Promise<void>;

  receipt(scope: string, key: string): Promise<Receipt | undefined>;
  run(runId: string): Promise<RunRow | undefined>;
  /**
   * Turns without an ending, oldest first: after a crash, the work that is owed. `after` is the `n` of the last one seen,
   * `key` that of a session; without a limit at most a thousand.
   */
  openRuns(page?: {
    readonly after?: number;
    readonly key?: string;
    readonly limit?: number;
  }): Promise<readonly RunRow[]>;

  /**
   * The oldest living row of each address, where its time has come and nobody holds it, or it is damaged, oldest first: no
   * row overtakes another of its chat.
   */
  dueOutbox(page: { readonly now: number; readonly limit: number }): Promise<readonly OutboxRow[]>;
  /** When the next of those that `dueOutbox` does not return yet will be due; undefined when there is none. */
  nextOutboxAt(now: number): Promise<number | undefined>;
  /**
   * Takes a row, durably, before it is sent; from then on `mayBeSent`. Answers with the claim that is now held, or
   * undefined when somebody else was quicker.
   */
  claimOutbox(id: string, claim: OutboxClaim): Promise<number | undefined>;
  /** Puts a row back until `nextAt`. False, and nothing changed, when another claim came after. */
  postponeOutbox(
    id: string,
    next: {
      readonly claim: number;
      readonly attempts: number;
      readonly nextAt: number;
      readonly problem: string;
      readonly mayBeSent: boolean;
    },
  ): Promise<boolean>;
  /** Puts a damaged row with the dead, by its `n`. False, and nothing changed, when it is not there, dead, or as it was written. */
  buryOutbox(n: number, problem: string): Promise<boolean>;
  /** Lets go of all rows that an owner holds: what it does first in a new life. They keep `mayBeSent`, and have one attempt more. */
  releaseOutbox(owner: string): Promise<void>;
  /** Living and dead rows in the order of `n`; `after` is the `n` of the last one seen. */
  outbox(page: {
    readonly limit: number;
    readonly after?: number;
    readonly isDead?: boolean;
    readonly id?: string;
    readonly runId?: string;
  }): Promise<readonly OutboxRow[]>;

  /** Where the log says that a message with this platform's id was sent, the newest first: ids are unique within a chat only. */
  sentMessages(messageId: string, limit: number): Promise<readonly SentPlace[]>;

  /** Takes away what has served its time, at most `limit` rows of each sort; tells how many went. */
  sweep(old: {
    readonly receiptsBefore: number;
    readonly deadLettersBefore: number;
    readonly records: readonly { readonly kind: string; readonly before: number }[];
    readonly limit: number;
  }): Promise<number>;

  /** The records of a kind, by id in the order of its bytes; `after` is the id of the last one seen. */
  records(page: {
    readonly kind: string;
    readonly after?: string;
    readonly limit: number;
  }): Promise<readonly RecordRow[]>;
  record(kind: string, id: string): Promise<RecordRow | undefined>;
  /** All of it, durably; or, when one has another version than expected, nothing: then false. */
  writeRecords(writes: readonly RecordWrite[]): Promise<boolean>;

  putBlob(blob: { readonly mimeType: string; readonly bytes: Uint8Array }): Promise<string>;
  blob(hash: string): Promise<BlobRow | undefined>;

  /** What it does for itself in quiet moments; absent where a server, or nobody, has to. */
  upkeep?(): Promise<Upkeep>;

  /**
   * A cheap look for health checks: can it read, and what did the last failed write say? A `warning` is of something that
   * is not as it was written, while everything else works.
   */
  health(): Promise<{ readonly ok: boolean; readonly problem?: string; readonly warning?: string }>;
}
