import { type Clock, failPoint, type Log, nextTurn } from "#base";
import { type Address, fault } from "#protocol";
import type { RecordRow, RecordWrite, Storage } from "#storage";
import { chatOf } from "./chat-of.ts";
import { type Entry, type Files, idOf, keptFiles, readEntry } from "./entry.ts";
import { backlogMessages, backlogRecords, backlogUpdates } from "./record-kinds.ts";

export interface BacklogLimits {
  readonly messages: number;
  readonly bytes: number;
}

/** A day of a busy house, and little beside the disk that a database needs anyway. */
export const backlogLimits: BacklogLimits = { messages: 100_000, bytes: 256 * 1024 * 1024 };

/** So much of it is only for those whose platform would not bring them for long. */
const keptFree = 0.25;
const pageRows = 200;
const mostWithOneId = 50;
const mostTries = 10;
const toldEveryMs = 60_000;

/** What lies there of one session. */
interface Shelf {
  /** What the ids of its records begin with. */
  readonly prefix: string;
  /** The last one that was taken from it, or can't be read. */
  after: string;
  messages: number;
}

/** One message as it lies there. */
export interface Kept {
  readonly entry: Entry;
  readonly row: RecordRow;
}

export interface BacklogState {
  /** Messages that wait on disk alone. */
  readonly messages: number;
  /** Others were sent away a moment ago, because there are too many. */
  readonly isFull: boolean;
}

/**
 * Messages that wait on disk alone, because there are more than memory has places for. Memory knows which sessions have how
 * many of them, and no more. Beside each lies what finds it by its update, for one that comes again, and by its message, for
 * an edit.
 */
export class Backlog {
  readonly #storage: Storage;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #limits: BacklogLimits;
  readonly #shelves = new Map<string, Shelf>();
  #messages = 0;
  #bytes = 0;
  #toldAt = -toldEveryMs;

  constructor({ storage, log, clock, limits }: BacklogOptions) {
    this.#storage = storage;
    this.#log = log;
    this.#clock = clock;
    this.#limits = limits ?? backlogLimits;
  }

  get state(): BacklogState {
    const isFull = this.#toldAt + toldEveryMs > this.#clock.elapsed();
    return { messages: this.#messages, isFull };
  }

  /** Counts what an earlier life left. The sessions come as the first message of each came. */
  async open(): Promise<{ readonly sessions: readonly string[]; readonly newest: Pick<Entry, "arrivedAt" | "n"> }> {
    const sessions: { readonly sessionKey: string; readonly n: number }[] = [];
    let newest = { arrivedAt: 0, n: -1 };
    for await (const { row, entry } of this.#all()) {
      const { sessionKey, arrivedAt, n } = entry;
      if (!this.holds(sessionKey)) sessions.push({ sessionKey, n });
      newest = { arrivedAt: Math.max(newest.arrivedAt, arrivedAt), n: Math.max(newest.n, n) };
      this.#count(sessionKey, 1, Buffer.byteLength(row.data));
    }
    return { sessions: sessions.toSorted((a, b) => a.n - b.n).map(({ sessionKey }) => sessionKey), newest };
  }

  holds(sessionKey: string): boolean {
    return this.#shelves.has(sessionKey);
  }

  async knows(update: Pick<Entry, "scope" | "updateId">): Promise<boolean> {
    if (this.#messages === 0) return false;
    return (await this.#storage.record(backlogUpdates, idOf(update))) !== undefined;
  }

  /** Throws `queueFull` when there is no room for one more. */
  checkRoom(mayComeLater: boolean): void {
    const share = mayComeLater ? 1 - keptFree : 1;
    const { messages, bytes } = this.#limits;
    if (this.#messages < messages * share && this.#bytes < bytes * share) return;
    const now = this.#clock.elapsed();
    if (now - this.#toldAt >= toldEveryMs) {
      const about = { waiting: this.#messages, bytes: this.#bytes };
      this.#log.error("too many messages wait for a turn, and more are not taken", about);
      this.#toldAt = now;
    }
    throw fault.queueFull({ problem: "Too many messages wait in the gateway", retryAfterMs: 2_000 });
  }

  /** Resolves when they are on disk; false, and nothing is written, when `also` expected something else to be there. */
  async put(entries: readonly Entry[], also: readonly RecordWrite[] = []): Promise<boolean> {
    const written = entries.map((entry) => ({ entry, data: JSON.stringify(entry) }));
    const writes = written.flatMap(({ entry, data }) => recordsOf(entry, data));
    const count = (sign: 1 | -1) => {
      for (const { entry, data } of written) this.#count(entry.sessionKey, sign, sign * Buffer.byteLength(data));
    };
    count(1);
    let isWritten = false;
    try {
      isWritten = await this.#storage.writeRecords([...also, ...writes]);
    } finally {
      if (!isWritten) count(-1);
    }
    failPoint("inbound.backlog.written");
    return isWritten;
  }

  /** What comes next of a session, at most so many messages: group by group, none of them cut. */
  async next(sessionKey: string, most: number): Promise<readonly (readonly Kept[])[]> {
    for (let shelf = this.#shelves.get(sessionKey); shelf; shelf = this.#shelves.get(sessionKey)) {
      const { prefix, after } = shelf;
      const page = await this.#storage.records({ kind: backlogRecords, after, limit: most + 1 });
      const rows = page.filter(({ id }) => id.startsWith(prefix));
      const kept = rows.flatMap(readRow);
      const isAll = rows.length <= most;
      if (kept.length > 0 || isAll) return groupsOf(kept, isAll);
      shelf.after = rows.at(-1)?.id ?? after; // nothing of it can be read
    }
    return [];
  }

  /**
   * Lets go of what came next of a session, and writes them down as `becomes` says, in one. False, and nothing is changed,
   * when one of them is not as it was read.
   */
  async handOver(sessionKey: string, kept: readonly Kept[], becomes: (entry: Entry) => RecordWrite): Promise<boolean> {
    const writes = kept.flatMap(({ entry, row: { version: expected, id } }) => [
      ...recordsOf(entry, undefined).map((write) => (write.id === id ? { ...write, expected } : write)),
      becomes(entry),
    ]);
    if (!(await this.#storage.writeRecords(writes))) return false;
    const shelf = this.#shelves.get(sessionKey);
    if (shelf) shelf.after = kept.at(-1)?.row.id ?? shelf.after;
    for (const { row } of kept) this.#count(sessionKey, -1, -Buffer.byteLength(row.data));
    failPoint("inbound.backlog.handedOver");
    return true;
  }

  /** Another text for a message; false when it is not there. */
  async edit(from: Address, messageId: string, text: string): Promise<boolean> {
    if (this.#messages === 0) return false;
    const prefix = messagePrefix({ from, messageId });
    const found = await this.#storage.records({ kind: backlogMessages, after: prefix, limit: mostWithOneId });
    const places = found.filter(({ id }) => id.startsWith(prefix)).map(({ id }) => id.slice(prefix.length));
    const changed = await Promise.all(places.map((place) => this.#change(place, (entry) => edited(entry, text))));
    return changed.includes(true);
  }

  /** Says anew how far the files of a message are. */
  async keepFiles(entry: Entry, files: Files): Promise<void> {
    await this.#change(placeOf(entry), (now) => ({ ...now, ...keptFiles(files) }));
  }

  /** Others may change it at the same time. */
  async #change(place: string, changed: (entry: Entry) => Entry): Promise<boolean> {
    for (let attempt = 1; attempt <= mostTries; attempt++) {
      const row = await this.#storage.record(backlogRecords, place);
      const entry = row && readEntry(row.data);
      if (!entry) return false;
      const data = JSON.stringify(changed(entry));
      const write = { kind: backlogRecords, id: place, data, expected: row.version };
      if (await this.#storage.writeRecords([write])) {
        this.#bytes += Buffer.byteLength(data) - Buffer.byteLength(row.data);
        return true;
      }
    }
    throw new Error("a message that waits was changed too often at once");
  }

  async *#all(): AsyncGenerator<Kept> {
    let after = "";
    for (;;) {
      const rows = await this.#storage.records({ kind: backlogRecords, after, limit: pageRows });
      for (const row of rows) {
        const entry = readEntry(row.data);
        if (entry) yield { row, entry };
        else this.#log.error("a message that waits is damaged and left out", { id: row.id });
      }
      if (rows.length < pageRows) return;
      after = rows.at(-1)?.id ?? after;
      await nextTurn();
    }
  }

  #count(sessionKey: string, messages: number, bytes: number): void {
    const prefix = prefixOf(sessionKey);
    const shelf = this.#shelves.get(sessionKey) ?? { prefix, after: prefix, messages: 0 };
    shelf.messages += messages;
    this.#messages += messages;
    this.#bytes = this.#messages === 0 ? 0 : this.#bytes + bytes;
    if (shelf.messages > 0) this.#shelves.set(sessionKey, shelf);
    else this.#shelves.delete(sessionKey);
  }
}

export interface BacklogOptions {
  readonly storage: Storage;
  readonly log: Log;
  readonly clock: Clock;
  readonly limits?: BacklogLimits | undefined;
}

function recordsOf(entry: Entry, data: string | undefined): readonly RecordWrite[] {
  const place = placeOf(entry);
  const mark = data === undefined ? undefined : "{}";
  return [
    { kind: backlogRecords, id: place, data },
    { kind: backlogUpdates, id: idOf(entry), data: mark },
    { kind: backlogMessages, id: `${messagePrefix(entry)}${place}`, data: mark },
  ];
}

/** Ids of one session are beside each other, in the order of arrival. */
function placeOf({ sessionKey, n }: Pick<Entry, "sessionKey" | "n">): string {
  return `${prefixOf(sessionKey)}${String(n).padStart(16, "0")}`;
}

function prefixOf(sessionKey: string): string {
  return `${Bun.SHA256.hash(sessionKey, "hex").slice(0, 32)}:`;
}

function messagePrefix({ from, messageId }: Pick<Entry, "from" | "messageId">): string {
  return JSON.stringify([chatOf(from), messageId]);
}

function readRow(row: RecordRow): readonly Kept[] {
  const entry = readEntry(row.data);
  return entry ? [{ entry, row }] : [];
}

function edited(entry: Entry, text: string): Entry {
  return { ...entry, text: `${entry.head ?? ""}${text}` };
}

/** What was said one after the other and has one answer; the last may go on where there is more. */
function groupsOf(kept: readonly Kept[], isAll: boolean): readonly (readonly Kept[])[] {
  const groups = [...Map.groupBy(kept, ({ entry }) => JSON.stringify([entry.scope, entry.group])).values()];
  return isAll || groups.length < 2 ? groups : groups.slice(0, -1);
}
