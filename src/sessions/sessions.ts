import type { ConversationMessage, Delta, SessionEvent, StoredEvent, TranscriptRow } from "#protocol";
import type { Appended, EventRange, NewOutboxRow, NewReceipt, RunRow, Settlement } from "#storage";
import type { Past } from "./past.ts";
import type { Damage } from "./quarantine.ts";
import type { Replay } from "./replay.ts";
import type { SettingsChange } from "./setting-events.ts";
import type { SessionSummary } from "./summary.ts";
import type { ImportPiece } from "./transcript-file/import-desk.ts";
import type { ReadFile } from "./transcript-file/read-file.ts";

export interface SessionState {
  readonly id: string;
  /** In the canonical spelling. */
  readonly key: string;
  readonly agentId: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly headSeq: number;
  readonly summary: SessionSummary;
  /**
   * The newest part of the conversation, as much as fits the window kept in memory; never starts amid a tool call. What
   * belongs to one turn stands together, in the order in which the turns began: a message that waits for its turn comes
   * after the answer of the turn before it. A tool call without a result has a failed one that says so.
   */
  readonly conversation: readonly ConversationMessage[];
  /** The conversation without the turns that began after that one: what its model should read. */
  readonly conversationUpTo: (runId: string) => readonly ConversationMessage[];
}

export interface SessionListing {
  readonly id: string;
  readonly key: string;
  readonly agentId: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly summary: SessionSummary;
}

export interface AppendOptions {
  readonly receipt?: NewReceipt;
  readonly outbox?: readonly NewOutboxRow[];
  readonly settles?: readonly Settlement[];
  /** Rejects with `sessionNotFound` instead of opening the session. */
  readonly mustExist?: boolean;
}

/** What those who follow the sessions are told, after it is on disk (deltas: as they stream by). */
export type SessionNotice =
  | {
      readonly type: "appended";
      readonly key: string;
      readonly agentId: string;
      readonly events: readonly StoredEvent[];
    }
  | { readonly type: "delta"; readonly key: string; readonly agentId: string; readonly delta: Delta }
  | { readonly type: "deleted"; readonly key: string; readonly agentId: string };

export interface TranscriptRange {
  readonly after: number;
  readonly limit: number;
  readonly sessionId?: string;
}

export interface TranscriptPage {
  readonly lines: readonly string[];
  /** The seq of the last event among them. */
  readonly last: number;
  readonly hasMore: boolean;
}

export interface Imported extends Omit<ReadFile, "events"> {
  readonly key: string;
  readonly events: number;
}

/** What happened, session by session. Every `key` is canonical: `parseSessionKey` makes it so at the border. */
export interface Sessions extends AsyncDisposable {
  /** Undefined when nothing was ever said under this key, or it was deleted. */
  state(key: string): Promise<SessionState | undefined>;

  /** What of it is in memory, as it is for every session while something is told of it; undefined says nothing of the disk. */
  peek(key: string): SessionState | undefined;

  /**
   * Adds to the log, opening the session with `SessionStarted` when the key has none. Resolves when it is on disk and
   * everyone who follows was told. Events of one session keep the order of the calls. Rejects with `storageUnavailable`,
   * `queueFull` or `shuttingDown`: then the state is what it was.
   */
  append(key: string, events: readonly SessionEvent[], options?: AppendOptions): Promise<Appended>;

  /** The conversation as rows, oldest first: the newest `limit` of those whose seq is smaller than `before`. */
  history(
    key: string,
    page: { readonly limit: number; readonly before?: number },
  ): Promise<{ readonly rows: readonly TranscriptRow[]; readonly hasMore: boolean }>;

  /** Every event, oldest first, in pages: for export. */
  events(key: string): AsyncIterable<StoredEvent>;

  /** Events of one session, which may have ended. */
  read(session: Pick<RunRow, "key" | "sessionId">, range: EventRange): Promise<readonly StoredEvent[]>;

  /** The session as it was after that event. Rejects with `sessionNotFound`, or `invalidParams` for a seq that its log does not reach. */
  past(key: string, seq: number): Promise<Past>;

  /**
   * The log in the form of the original's transcripts, a line an event, and before the first event a header. With
   * `sessionId`, that of a session which this key had before.
   */
  transcript(key: string, page: TranscriptRange): Promise<TranscriptPage>;
  /** Takes a piece of such a file; how much of it is here. Rejects with `importRefused` or `queueFull`. */
  takePiece(piece: ImportPiece): Promise<number>;
  /**
   * Makes a session of a file whose last piece was taken: all of it or nothing. Its key is that of the file when none is
   * given. Rejects with `importRefused` when the key is in use, or when the session is here already.
   */
  importFile(uploadId: string, key: string | undefined): Promise<Imported>;

  /**
   * Folds the whole log anew and compares what was remembered of it; mends that when it is asked to. Nothing comes into
   * the session meanwhile. Rejects with `sessionNotFound`.
   */
  replay(key: string, options: { readonly mends: boolean }): Promise<Replay & { readonly isMended: boolean }>;

  /**
   * Live sessions whose logs were found damaged. Whatever reads or writes one rejects with `sessionDamaged`; it is still
   * listed, and can be reset, which keeps its log, or deleted.
   */
  damaged(): readonly Damage[];

  /** The last used first; `before` and `beforeId` are the `updatedAt` and `id` of the last one seen. */
  list(page: {
    readonly limit: number;
    readonly before?: number;
    readonly beforeId?: string;
  }): Promise<readonly SessionListing[]>;

  /** Sets what is present, unsets what is `null`. Rejects with `sessionNotFound`, or `invalidParams` for no such setting. */
  patch(key: string, change: SettingsChange): Promise<SessionState>;
  /** Ends the session; its key starts a new, empty one with the same settings. False when there was none. */
  reset(key: string): Promise<boolean>;
  /** Takes the session off the disk, and those that resets of this key ended. False when there was none. */
  delete(key: string): Promise<boolean>;

  /** Tells everyone who follows; keeps nothing. */
  stream(key: string, delta: Delta): void;
  /** Calls `listener` for every notice until the returned function is called. It must not throw and must not wait. */
  subscribe(listener: (notice: SessionNotice) => void): () => void;

  /** The turn of that id, wherever it stands. */
  run(runId: string): Promise<RunRow | undefined>;
}
