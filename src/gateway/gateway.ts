import type { ModelRequest } from "#agent";
import type { OutboundMessage, ReplyTicket } from "#channels";
import type { Address, InboundMessage, MessageTrace, StoredEvent } from "#protocol";
import type { SessionSummary } from "#sessions";
import type { OutboxRow } from "#storage";
import type { Described } from "./inbound/attachments.ts";
import type { BroughtFile } from "./keep-files.ts";
import type { KeyedRequest } from "./requests.ts";

/** How a turn stands. */
export type RunStatus = "queued" | "running" | "ok" | "aborted" | "error";

/** Taken means: on disk, and sure of a turn. The sender may be told so. */
export type Receipt =
  | {
      readonly taken: true;
      readonly runId: string;
      readonly status: RunStatus;
      /** The same message had been taken before; nothing was done again. */
      readonly isRepeat: boolean;
    }
  | { readonly taken: false; readonly because: "laneFull" | "queueFull" | "closing" | "conflict" | "damaged" };

export interface ActiveRun {
  readonly runId: string;
  readonly sessionKey: string;
  readonly status: "queued" | "running";
  readonly startedAt: number;
  /** Absent as long as it waits. */
  readonly begunAt?: number;
  /** What the model has said so far. */
  readonly text: string;
}

/** What a model was asked, word by word, for the answer at that seq. */
export interface Asked {
  readonly answerSeq: number;
  readonly runId: string;
  readonly provider: string;
  readonly promptHash: string;
  readonly contextWindow: number;
  readonly request: ModelRequest;
}

/** A session at a moment of its log. `asked` is absent when no model had answered by then, or the log does not say with what. */
export interface Moment {
  readonly sessionId: string;
  readonly headSeq: number;
  readonly event: StoredEvent;
  readonly summary: SessionSummary;
  readonly asked?: Asked;
}

export interface ChatFile {
  readonly name: string;
  /** What its bytes say when this is not given. */
  readonly mimeType?: string;
  readonly bytes: Uint8Array;
  readonly caption?: string;
  /** To be heard at once, where the platform has voice messages. */
  readonly asVoice?: boolean;
}

/** What a message has besides its text. */
export interface MessageExtras {
  readonly files?: readonly ChatFile[];
  readonly buttons?: NonNullable<OutboundMessage["buttons"]>;
}

export interface PostedMessage {
  readonly to: Address;
  readonly text: string;
  /** Of the update that it answers, where no turn does. */
  readonly ticket?: ReplyTicket | undefined;
}

export type FileReceipt =
  | { readonly taken: true; readonly mimeType: string }
  | { readonly taken: false; readonly because: string };

/** What a message brought. */
export type ReceivedFile =
  | { readonly found: true; readonly name?: string; readonly mimeType: string; readonly bytes: Uint8Array }
  | { readonly found: false; readonly because: string };

/** The walk of a message, from the sender to the durable reply. */
export interface Gateway extends AsyncDisposable {
  /** Asks for a place, then puts the message on disk, then starts its turn. Rejects only with `storageUnavailable`, or for a bug. */
  receive(message: InboundMessage): Promise<Receipt>;
  /**
   * Keeps files that a client brings with a message: what the message is to carry, and a line of each for its text. Before
   * the message, which may be refused. Rejects with `storageUnavailable`.
   */
  keepFiles(files: readonly BroughtFile[]): Promise<readonly Described[]>;
  /**
   * A message that the gateway answers itself, with what `work` says; no turn is started. Both are put on disk together
   * when the work is done. A message that was taken before is not worked on again. Rejects as `work` does, or with
   * `storageUnavailable`; then nothing is kept.
   */
  answer(message: InboundMessage, work: () => Promise<string>): Promise<Receipt>;
  /** What its platform gave for the answer to that message, for as long as it is kept. Before the message is handed over. */
  holdTicket(runId: string, ticket: ReplyTicket): void;
  /**
   * A message that is not answered but passed on. It and what goes into the outbox are put on disk together; one that was
   * taken before is not passed on again. Rejects with `storageUnavailable`; then nothing is kept.
   */
  relay(message: InboundMessage, passed: { readonly to: Address; readonly text: string }): Promise<Receipt>;
  /** Stops the turns of a session, or one turn, waiting or running; answers with their ids. */
  abort(target: { readonly sessionKey: string; readonly runId?: string }): Promise<readonly string[]>;
  activeRuns(): readonly ActiveRun[];
  /** Stops what runs in the session, then ends it; its key starts a new, empty one. False when there was none. */
  resetSession(sessionKey: string): Promise<boolean>;
  /** Stops what runs in the session, then takes it off the disk. False when there was none. */
  deleteSession(sessionKey: string): Promise<boolean>;
  /**
   * Sends a message once and records it. Rejects with `channelNotFound` or `deliveryFailed`, and with `invalidParams` for
   * files or buttons that the channel does not take.
   */
  send(to: Address, text: string, more?: MessageExtras): Promise<{ readonly messageId: string }>;
  /**
   * Puts a file into the outbox, for the chat that a turn answers; resolves when it is on disk, or with a sentence for the
   * model why it cannot be sent there.
   */
  sendFile(runId: string, file: ChatFile): Promise<FileReceipt>;
  /**
   * A file that a message of the turn's session brought, whoever knows the hashes of others; or a sentence for the model
   * why it cannot be had.
   */
  openFile(runId: string, blob: string): Promise<ReceivedFile>;
  /** Puts a message into the outbox; resolves when it is on disk. What happens to it then is in the log of the session. */
  post(sessionKey: string, message: PostedMessage): Promise<void>;
  /**
   * Takes up what a crash left: turns without an ending, messages not delivered. Resolves when it is known what is owed, in
   * turns; `done` when the last of them goes on or has ended. What a session receives meanwhile comes after its own.
   */
  recover(): Promise<{
    readonly owed: number;
    readonly done: Promise<{ readonly resumed: number; readonly ended: number }>;
  }>;
  /**
   * Does a request once: its repetition gets the same answer, also after a restart. Rejects with `idempotencyConflict` when
   * the key was used for something else, with `outcomeUnknown` when the first was cut off, or as `work` does.
   */
  once(request: KeyedRequest, work: () => Promise<unknown>): Promise<unknown>;
  /** What became of the messages of that id: a run's, a message's, or the platform's of one that was sent. Empty when there is none. */
  trace(id: string): Promise<readonly MessageTrace[]>;
  /** What is still to be delivered, and what was given up, by its place in the queue. */
  outbox(page: {
    readonly limit: number;
    readonly after?: number;
    readonly isDead?: boolean;
  }): Promise<readonly OutboxRow[]>;
  /** Puts what was given up back into the queue, or takes it away. Rejects with `deadLetterNotFound`. */
  settleDeadLetter(id: string, as: "replayed" | "dropped"): Promise<void>;
  /**
   * A session as it was after that event, and what its model had been asked last. Rejects with `sessionNotFound`, or with
   * `invalidParams` when its log does not reach so far.
   */
  at(sessionKey: string, seq: number): Promise<Moment>;
  /** Tells of each place for a turn that becomes free, by its session, until what it returns is called. */
  watchPlaces(freed: (sessionKey: string) => void): () => void;
  /** How full it is. */
  load(): { readonly running: number; readonly waiting: number };
  /** Takes nothing more and waits for what runs and what is being sent, at most `graceMs`; what is cut off then goes on at the next start. */
  drain(graceMs: number): Promise<void>;
}
