import type { ConversationMessage, Delta, SessionEvent, StoredEvent, TranscriptRow, Usage } from "#protocol";
import type { Appended, NewOutboxRow, NewReceipt, RunRow } from "#storage";

/** What a person may set on one session; the rest comes from the configuration. */
export interface SessionSettings {
  /** `provider/model` for this session only. */
  readonly model?: string;
  readonly label?: string;
  readonly thinking?: "off" | "low" | "medium" | "high";
}

/** What the log says, beside the messages. */
export interface SessionSummary {
  readonly settings: SessionSettings;
  readonly usage: Usage;
  readonly messageCount: number;
  /** The newest user or assistant text, clipped to 120 characters. */
  readonly preview?: string;
}

export interface SessionState {
  readonly id: string;
  /** In the canonical spelling. */
  readonly key: string;
  readonly agentId: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly headSeq: number;
  readonly summary: SessionSummary;
  /** The newest part of the conversation, as much as fits the window kept in memory; never starts amid a tool call. */
  readonly conversation: readonly ConversationMessage[];
  /** Messages whose turn has not said anything yet, by run: they join the conversation when it does. */
  readonly waiting: ReadonlyMap<string, string>;
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
  readonly settles?: readonly string[];
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

/** What happened, session by session. Every `key` is canonical: `parseSessionKey` makes it so at the border. */
export interface Sessions extends AsyncDisposable {
  /** Undefined when nothing was ever said under this key, or it was deleted. */
  state(key: string): Promise<SessionState | undefined>;

  /**
   * Adds to the log, opening the session with `SessionStarted` when the key has none. Resolves when it is on disk and
   * everyone who follows was told. Events of one session keep the order of the calls.
   */
  append(key: string, events: readonly SessionEvent[], options?: AppendOptions): Promise<Appended>;

  /** The conversation as rows, oldest first: the newest `limit` of those whose seq is smaller than `before`. */
  history(
    key: string,
    page: { readonly limit: number; readonly before?: number },
  ): Promise<{ readonly rows: readonly TranscriptRow[]; readonly hasMore: boolean }>;

  /** Every event, oldest first, in pages: for export. */
  events(key: string): AsyncIterable<StoredEvent>;

  list(page: { readonly limit: number; readonly before?: number }): Promise<readonly SessionListing[]>;

  /** Sets what is present, unsets what is `null`. Rejects with `sessionNotFound`. */
  patch(
    key: string,
    change: { readonly [Name in keyof SessionSettings]?: SessionSettings[Name] | null },
  ): Promise<SessionState>;
  /** Ends the session; its key starts a new, empty one with the same settings. False when there was none. */
  reset(key: string): Promise<boolean>;
  /** Takes the session off the disk. False when there was none. */
  delete(key: string): Promise<boolean>;

  /** Tells everyone who follows; keeps nothing. */
  stream(key: string, delta: Delta): void;
  /** Calls `listener` for every notice until the returned function is called. It must not throw and must not wait. */
  subscribe(listener: (notice: SessionNotice) => void): () => void;

  /** The turn of that id with the key of its session, wherever it stands. */
  run(runId: string): Promise<(RunRow & { readonly key: string }) | undefined>;
}
