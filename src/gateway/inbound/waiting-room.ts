import { backoffMs, type Clock, describeError, failPoint, type Log, pause } from "#base";
import type { Attachment } from "#channels";
import { type Address, fault, type InboundMessage } from "#protocol";
import type { RecordWrite, Storage } from "#storage";
import { chatOf } from "./chat-of.ts";
import { type Entry, textOf } from "./entry.ts";
import type { FileDesk, SaveFiles } from "./file-desk.ts";
import { Group, type Slot } from "./group.ts";
import { isTemporary } from "./is-temporary.ts";
import { joinedRecords, waitingRecords } from "./record-kinds.ts";
import { readWaiting } from "./read-waiting.ts";

const mostWaiting = 1_000;
/** So many of the places are only for those whose platform would not bring them for long. */
const keptFree = 250;
const retry = { firstMs: 100, mostMs: 5_000 };
const mostFailures = 5;

export interface WaitingRoomOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly log: Log;
  readonly desk: FileDesk;
  /** `later`: there is no room for it now, or another turn comes first. */
  deliver(message: InboundMessage, first: Entry): Promise<"done" | "later">;
  /** Keeps what broke too often, and is never tried again. */
  putAside(entries: readonly Entry[], problem: string): Promise<void>;
}

export type NewEntry = Omit<Entry, "group" | "runId" | "arrivedAt" | "n">;

/** Why a message waits: how long for more of it, and for which files, which are read once it is on disk. */
export interface Wait {
  /** Those who may be answered together: the same person in the same chat. */
  readonly joinKey: string;
  readonly quietMs: number;
  readonly newRunId: string;
  readonly attachments?: readonly Attachment[];
  /** Its platform brings it again for as long as it takes. */
  readonly mayComeLater: boolean;
}

/**
 * Messages that are on disk and have no turn yet: because more may come that belongs to them, because their files are being
 * read, or because their session has no room. Each is a record of its own, so that the platform hears at once that we have
 * it, and nothing waits for the others; only when a turn takes them do they become one message of the log. In order of
 * arrival within a session. What a crash left goes on in the groups in which it was.
 */
export class WaitingRoom implements AsyncDisposable {
  readonly #options: WaitingRoomOptions;
  readonly #closing = new AbortController();
  readonly #lanes = new Map<string, Group[]>();
  readonly #workers = new Set<Promise<void>>();
  readonly #ids = new Set<string>();
  #n = 0;

  constructor(options: WaitingRoomOptions) {
    this.#options = options;
  }

  /** Takes up what an earlier life left. */
  async open(): Promise<void> {
    for (const entries of await readWaiting(this.#options, mostWaiting)) this.#takeUp(entries);
  }

  /**
   * Messages that were put aside wait again; with the same write, `letGo` takes away what kept them. False, and nothing is
   * changed, when that was gone already.
   */
  async takeBack(entries: readonly Entry[], letGo: RecordWrite): Promise<boolean> {
    this.#closing.signal.throwIfAborted();
    this.#checkRoom(entries.length, true);
    if (!(await this.#options.storage.writeRecords([letGo, ...entries.map(recordOf)]))) return false;
    this.#takeUp(entries);
    return true;
  }

  has(entry: Pick<Entry, "scope" | "updateId">): boolean {
    return this.#ids.has(idOf(entry));
  }

  /** What comes next for this session must wait behind what is here. */
  isBusy(sessionKey: string): boolean {
    return this.#lanes.has(sessionKey);
  }

  /** Resolves when it is on disk. */
  async put(entry: NewEntry, { joinKey, quietMs, newRunId, attachments = [], mayComeLater }: Wait): Promise<void> {
    this.#closing.signal.throwIfAborted();
    this.#checkRoom(1, mayComeLater);
    const lane = this.#lanes.get(entry.sessionKey);
    const last = lane?.at(-1);
    const known = last?.takes(joinKey, entry.text.length) ? last : undefined;
    const group = known ?? new Group(entry.updateId, joinKey, newRunId);
    const full: Entry = {
      ...entry,
      group: group.id,
      runId: group.runId,
      arrivedAt: this.#options.clock.now(),
      n: this.#n++,
    };
    const write = this.#options.storage.writeRecords([recordOf(full)]);
    const written = write.then(
      () => true,
      () => false,
    );
    const read: FileWork = (save, closing) => this.#options.desk.read(attachments, save, closing);
    const slot = this.#slot(full, written, attachments.length > 0 ? read : undefined);
    group.slots.push(slot);
    this.#ids.add(idOf(entry));
    group.restFor(quietMs);
    if (!known) this.#enqueue(entry.sessionKey, group);
    await write.catch((error: unknown) => {
      this.#ids.delete(idOf(entry));
      throw error;
    });
    failPoint("inbound.wait.written");
  }

  /** Another text for a message that waits, for each agent that hears it; false when it does not. */
  async edit(from: Address, messageId: string, text: string): Promise<boolean> {
    const open = Array.from(this.#lanes.values())
      .flat()
      .filter((group) => !group.isClosed);
    const slots = open.flatMap((group) => group.slots.filter(({ entry }) => entry.messageId === messageId));
    const edited = slots.filter(({ entry }) => chatOf(entry.from) === chatOf(from));
    for (const slot of edited) slot.entry = { ...slot.entry, text: `${slot.entry.head ?? ""}${text}` };
    if (edited.length > 0) await this.#options.storage.writeRecords(edited.map(({ entry }) => recordOf(entry)));
    return edited.length > 0;
  }

  /** What waits for more waits no longer. */
  hurry(sessionKey: string): void {
    for (const group of this.#lanes.get(sessionKey) ?? []) group.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    for (const group of Array.from(this.#lanes.values()).flat()) group.close();
    await Promise.all(this.#workers);
  }

  #checkRoom(more: number, mayComeLater: boolean): void {
    if (this.#ids.size + more <= mostWaiting - (mayComeLater ? keptFree : 0)) return;
    throw fault.queueFull({ problem: "Too many messages wait in the gateway", retryAfterMs: 2_000 });
  }

  /** A group as it lies on disk. */
  #takeUp(entries: readonly Entry[]): void {
    const group = new Group(entries[0]?.group ?? "", "", entries[0]?.runId ?? "");
    for (const entry of entries) {
      const { files, unheard = [] } = entry;
      const goOn: FileWork = (save, closing) => this.#options.desk.goOn({ files, unheard }, save, closing);
      group.slots.push(this.#slot(entry, Promise.resolve(true), unheard.length > 0 ? goOn : undefined));
      this.#ids.add(idOf(entry));
    }
    group.close();
    this.#enqueue(entries[0]?.sessionKey ?? "", group);
  }

  /** Its files are read only when it is ours: else the platform brings it again. */
  #slot(entry: Entry, written: Promise<boolean>, work: FileWork | undefined): Slot {
    const slot: Slot = { entry, written, files: Promise.resolve(entry.files) };
    if (!work) return slot;
    const save: SaveFiles = async ({ files, unheard }) => {
      slot.entry = { ...slot.entry, files: [...files], unheard: [...unheard] };
      await this.#options.storage.writeRecords([recordOf(slot.entry)]).catch((error: unknown) => {
        this.#options.log.warn("what came of a message's files could not be kept", { error: describeError(error) });
      });
    };
    slot.files = written.then((isWritten) => (isWritten ? work(save, this.#closing.signal) : []));
    slot.files.catch(() => undefined); // only the end breaks it, perhaps before anybody waits for it
    return slot;
  }

  #enqueue(sessionKey: string, group: Group): void {
    const lane = this.#lanes.get(sessionKey);
    if (lane) return void lane.push(group);
    this.#lanes.set(sessionKey, [group]);
    const worker = this.#work(sessionKey)
      .catch((error: unknown) => {
        if (!this.#closing.signal.aborted) this.#options.log.error("waiting messages broke", { sessionKey, error });
      })
      .finally(() => this.#workers.delete(worker));
    this.#workers.add(worker);
  }

  async #work(sessionKey: string): Promise<void> {
    const lane = this.#lanes.get(sessionKey) ?? [];
    for (let group = lane[0]; group; group = lane[0]) {
      await group.closed;
      if (this.#closing.signal.aborted) return;
      await this.#settle(group);
      lane.shift();
    }
    this.#lanes.delete(sessionKey);
  }

  /** Tries until it has a turn, or is put aside. */
  async #settle(group: Group): Promise<void> {
    const entries = await group.settled();
    const [first] = entries;
    if (!first) return;
    const last = entries.at(-1) ?? first;
    const { from, sender, sessionKey, runId, updateId } = first;
    const message = { id: last.messageId, updateId, runId, sessionKey, from, sender, text: textOf(entries) };
    let failures = 0;
    let problem: string | undefined;
    for (let attempt = 1; ; attempt++) {
      try {
        if ((await this.#options.deliver(message, first)) === "done") return await this.#forget(entries);
      } catch (error) {
        if (!isTemporary(error)) failures++;
        this.#options.log.warn("a message that waits found no turn", {
          updateId,
          attempt,
          error: describeError(error),
        });
        if (failures >= mostFailures) problem = describeError(error);
      }
      if (problem !== undefined) return this.#giveUp(entries, problem);
      await pause(backoffMs(retry, attempt), this.#closing.signal);
    }
  }

  async #giveUp(entries: readonly Entry[], problem: string): Promise<void> {
    await this.#insist(() => this.#options.putAside(entries, problem));
    await this.#forget(entries);
  }

  /** The first has a receipt; the others are known from now on as joined to it. */
  async #forget(entries: readonly Entry[]): Promise<void> {
    failPoint("inbound.wait.placed");
    const gone = entries.map((entry) => ({ kind: waitingRecords, id: idOf(entry), data: undefined }));
    const joined = entries
      .slice(1)
      .map((entry) => ({ kind: joinedRecords, id: idOf(entry), data: JSON.stringify({ runId: entry.runId }) }));
    await this.#insist(() => this.#options.storage.writeRecords([...gone, ...joined]));
    failPoint("inbound.wait.forgotten");
    for (const entry of entries) this.#ids.delete(idOf(entry));
  }

  async #insist(write: () => Promise<unknown>): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await write();
        return;
      } catch (error) {
        this.#options.log.warn("waiting messages could not be written; trying again", { attempt, error });
      }
      await pause(backoffMs(retry, attempt), this.#closing.signal);
    }
  }
}

type FileWork = (save: SaveFiles, closing: AbortSignal) => Promise<readonly string[]>;

export function idOf({ scope, updateId }: Pick<Entry, "scope" | "updateId">): string {
  return JSON.stringify([scope, updateId]);
}

function recordOf(entry: Entry): RecordWrite {
  return { kind: waitingRecords, id: idOf(entry), data: JSON.stringify(entry) };
}
