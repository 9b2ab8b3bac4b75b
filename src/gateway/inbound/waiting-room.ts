import { backoffMs, type Clock, describeError, failPoint, type Log, pause } from "#base";
import type { Attachment } from "#channels";
import { type Address, fault, type InboundMessage } from "#protocol";
import type { RecordWrite, Storage } from "#storage";
import { Backlog, type BacklogLimits, type BacklogState } from "./backlog.ts";
import { chatOf } from "./chat-of.ts";
import { type Entry, idOf, keptFiles, textOf } from "./entry.ts";
import type { FileDesk, SaveFiles } from "./file-desk.ts";
import { Group, groupLimits, type Slot } from "./group.ts";
import { isTemporary } from "./is-temporary.ts";
import { Lanes } from "./lanes.ts";
import { type Lack, PlaceCalls } from "./place-calls.ts";
import { readWaiting } from "./read-waiting.ts";
import { joinedRecords, waitingRecords } from "./record-kinds.ts";
import { Tails } from "./tails.ts";
import { WayBack } from "./way-back.ts";

/** Messages in memory; the last of the places are for those that belong to others that wait there. */
const places = 1_000;
const keptForMore = 100;
/** So many of them a session may have as long as half of all are free; then one turn's. */
const mostOfOne = 100;
/** Messages on disk alone whose files are being read: what leads to the files is in memory. */
const mostUnread = 1_000;
const retry = { firstMs: 100, mostMs: 5_000 };
const mostFailures = 5;

export interface WaitingRoomOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly log: Log;
  readonly desk: FileDesk;
  /** The usual ones where nobody says. */
  readonly limits?: BacklogLimits;
  /** Or why not now. */
  deliver(message: InboundMessage, first: Entry): Promise<"done" | Lack>;
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
 * arrival within a session. What a crash left goes on in the groups in which it was. What memory has no places for lies on
 * disk alone, behind what is here of its session, until it is its turn.
 */
export class WaitingRoom implements AsyncDisposable {
  readonly #options: WaitingRoomOptions;
  readonly #closing = new AbortController();
  readonly #lanes = new Lanes();
  readonly #calls = new PlaceCalls();
  readonly #workers = new Set<Promise<void>>();
  readonly #ids = new Set<string>();
  readonly #unread = new Set<string>();
  readonly #backlog: Backlog;
  readonly #tails: Tails;
  readonly #wayBack: WayBack;
  #newest: Pick<Entry, "arrivedAt" | "n"> = { arrivedAt: 0, n: -1 };

  constructor(options: WaitingRoomOptions) {
    this.#options = options;
    this.#backlog = new Backlog(options);
    this.#tails = new Tails(options.clock);
    this.#wayBack = new WayBack({
      backlog: this.#backlog,
      tails: this.#tails,
      log: options.log,
      closing: this.#closing.signal,
      isUnread: (entry) => this.#unread.has(idOf(entry)),
      freePlaces: () => places - keptForMore - this.#taken,
      placesOf: (sessionKey) => this.#lanes.messagesOf(sessionKey),
      expect: (entries, isExpected) => {
        for (const entry of entries) {
          if (isExpected) this.#ids.add(idOf(entry));
          else this.#ids.delete(idOf(entry));
        }
      },
      becomes: recordOf,
      arrive: (group) => this.#takeUp(group),
    });
  }

  /** Takes up what an earlier life left. */
  async open(): Promise<void> {
    const waiting = await readWaiting(this.#options);
    const { sessions, newest } = await this.#backlog.open();
    for (const { arrivedAt, n } of [newest, ...waiting.flat()]) {
      this.#newest = { arrivedAt: Math.max(this.#newest.arrivedAt, arrivedAt), n: Math.max(this.#newest.n, n) };
    }
    for (const entries of waiting) this.#takeUp(entries);
    for (const sessionKey of sessions) this.#wayBack.look(sessionKey);
  }

  /** In memory. */
  get load(): { readonly messages: number } {
    return { messages: this.#ids.size };
  }

  get backlog(): BacklogState {
    return this.#backlog.state;
  }

  /** A place for a turn of that session became free. */
  placeFreed(sessionKey: string): void {
    this.#calls.freed(sessionKey);
  }

  /**
   * Messages that were put aside wait again; with the same write, `letGo` takes away what kept them. False, and nothing is
   * changed, when that was gone already.
   */
  async takeBack(entries: readonly Entry[], letGo: RecordWrite): Promise<boolean> {
    this.#closing.signal.throwIfAborted();
    const sessionKey = entries[0]?.sessionKey ?? "";
    const stamped = entries.map((entry) => ({ ...entry, ...this.#stamp() }));
    if (!this.#hasPlaces(sessionKey, entries.length)) {
      this.#backlog.checkRoom(true);
      const isWritten = await this.#backlog.put(stamped, [letGo]);
      this.#wayBack.look(sessionKey);
      return isWritten;
    }
    if (!(await this.#options.storage.writeRecords([letGo, ...stamped.map(recordOf)]))) return false;
    this.#takeUp(stamped);
    return true;
  }

  /** It waits, here or on disk alone. */
  async has(update: Pick<Entry, "scope" | "updateId">): Promise<boolean> {
    const isHere = () => this.#ids.has(idOf(update));
    return isHere() || (await this.#backlog.knows(update)) || isHere(); // it may have come here meanwhile
  }

  /** What comes next for this session must wait behind what is here. */
  isBusy(sessionKey: string): boolean {
    return this.#lanes.has(sessionKey) || this.#backlog.holds(sessionKey);
  }

  /** Throws `queueFull` when one more of that session would find room neither here nor on disk. */
  checkRoom(sessionKey: string, mayComeLater: boolean): void {
    if (!this.#hasPlaces(sessionKey, 1)) this.#backlog.checkRoom(mayComeLater);
  }

  /** Resolves when it is on disk. */
  async put(entry: NewEntry, wait: Wait): Promise<void> {
    this.#closing.signal.throwIfAborted();
    const { joinKey, quietMs, newRunId, attachments = [] } = wait;
    const { sessionKey } = entry;
    const last = this.#lanes.of(sessionKey).at(-1);
    const known = last?.takes(joinKey, entry.text.length) ? last : undefined;
    if (!(known ? this.#mayJoin(sessionKey) : this.#hasPlaces(sessionKey, 1))) return this.#putBack(entry, wait);
    const group = known ?? new Group(entry.updateId, joinKey, newRunId);
    const full: Entry = { ...entry, group: group.id, runId: group.runId, ...this.#stamp() };
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
    if (!known) this.#enqueue(sessionKey, group);
    await write.catch((error: unknown) => {
      this.#ids.delete(idOf(entry));
      throw error;
    });
    failPoint("inbound.wait.written");
  }

  /** Another text for a message that waits, for each agent that hears it; false when it does not. */
  async edit(from: Address, messageId: string, text: string): Promise<boolean> {
    const open = this.#lanes.all().filter((group) => !group.isClosed);
    const slots = open.flatMap((group) => group.slots.filter(({ entry }) => entry.messageId === messageId));
    const edited = slots.filter(({ entry }) => chatOf(entry.from) === chatOf(from));
    for (const slot of edited) slot.entry = { ...slot.entry, text: `${slot.entry.head ?? ""}${text}` };
    if (edited.length > 0) await this.#options.storage.writeRecords(edited.map(({ entry }) => recordOf(entry)));
    return (await this.#backlog.edit(from, messageId, text)) || edited.length > 0;
  }

  /** What waits for more waits no longer. */
  hurry(sessionKey: string): void {
    for (const group of this.#lanes.of(sessionKey)) group.close();
    this.#tails.close(sessionKey);
    this.#wayBack.look(sessionKey);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    this.#calls[Symbol.dispose]();
    for (const group of this.#lanes.all()) group.close();
    await Promise.all(this.#workers);
    await this.#wayBack[Symbol.asyncDispose]();
  }

  /** Never earlier than what came before, also when the clock was set back, or the gateway began anew. */
  #stamp(): Pick<Entry, "arrivedAt" | "n"> {
    const { arrivedAt, n } = this.#newest;
    this.#newest = { arrivedAt: Math.max(arrivedAt, this.#options.clock.now()), n: n + 1 };
    return this.#newest;
  }

  #mayJoin(sessionKey: string): boolean {
    return !this.#backlog.holds(sessionKey) && this.#taken < places;
  }

  /** In memory; whoever waits for one already comes first. */
  #hasPlaces(sessionKey: string, messages: number): boolean {
    if (this.#backlog.holds(sessionKey) || this.#wayBack.isCrowded) return false;
    const most = this.#taken < places / 2 ? mostOfOne : groupLimits.mostMessages;
    return this.#taken + messages <= places - keptForMore && this.#lanes.messagesOf(sessionKey) + messages <= most;
  }

  get #taken(): number {
    return this.#ids.size + this.#wayBack.promised;
  }

  /** On disk alone. Its files are read nevertheless: later nobody knows where they are. */
  async #putBack(entry: NewEntry, { attachments = [], mayComeLater, ...joining }: Wait): Promise<void> {
    const { sessionKey, updateId, text } = entry;
    const id = idOf(entry);
    this.#backlog.checkRoom(mayComeLater);
    if (attachments.length > 0 && this.#unread.size >= mostUnread) {
      throw fault.queueFull({ problem: "Too many messages with files wait in the gateway", retryAfterMs: 2_000 });
    }
    const group = this.#tails.join(sessionKey, { updateId, text, ...joining });
    const full: Entry = { ...entry, ...group, ...this.#stamp() };
    if (attachments.length > 0) this.#unread.add(id);
    await this.#backlog.put([full]).catch((error: unknown) => {
      this.#unread.delete(id);
      throw error;
    });
    if (attachments.length > 0) this.#attend(this.#readThere(full, attachments));
    this.#wayBack.look(sessionKey);
  }

  async #readThere(entry: Entry, attachments: readonly Attachment[]): Promise<void> {
    const save: SaveFiles = (files) => this.#insist(() => this.#backlog.keepFiles(entry, files));
    await this.#options.desk.read(attachments, save, this.#closing.signal);
    this.#unread.delete(idOf(entry));
    this.#wayBack.look(entry.sessionKey);
  }

  /** Somebody must see what becomes of it, and the end must wait for it. */
  #attend(work: Promise<void>): void {
    const worker = work
      .catch((error: unknown) => {
        if (!this.#closing.signal.aborted) this.#options.log.error("waiting messages broke", { error });
      })
      .finally(() => this.#workers.delete(worker));
    this.#workers.add(worker);
  }

  /** A group as it lies on disk. */
  #takeUp(entries: readonly Entry[]): void {
    const group = new Group(entries[0]?.group ?? "", "", entries[0]?.runId ?? "");
    for (const entry of entries) {
      const { files, attached = [], unheard = [] } = entry;
      const goOn: FileWork = (save, closing) => this.#options.desk.goOn({ files, attached, unheard }, save, closing);
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
    const save: SaveFiles = async (files) => {
      slot.entry = { ...slot.entry, ...keptFiles(files) };
      await this.#options.storage.writeRecords([recordOf(slot.entry)]).catch((error: unknown) => {
        this.#options.log.warn("what came of a message's files could not be kept", { error: describeError(error) });
      });
    };
    slot.files = written.then((isWritten) => (isWritten ? work(save, this.#closing.signal) : []));
    slot.files.catch(() => undefined); // only the end breaks it, perhaps before anybody waits for it
    return slot;
  }

  #enqueue(sessionKey: string, group: Group): void {
    if (this.#lanes.add(sessionKey, group)) this.#attend(this.#work(sessionKey));
  }

  async #work(sessionKey: string): Promise<void> {
    for (let [group] = this.#lanes.of(sessionKey); group; [group] = this.#lanes.of(sessionKey)) {
      await group.closed;
      if (this.#closing.signal.aborted) return;
      await this.#settle(group);
      this.#lanes.shift(sessionKey);
      this.#wayBack.look(sessionKey);
    }
  }

  /** Tries until it has a turn, or is put aside. */
  async #settle(group: Group): Promise<void> {
    const entries = await group.settled();
    const [first] = entries;
    if (!first) return;
    const last = entries.at(-1) ?? first;
    const { from, sender, sessionKey, runId, updateId } = first;
    const files = entries.flatMap(({ attached = [] }) => attached);
    const said = { text: textOf(entries), ...(files.length > 0 && { files }) };
    const message = { id: last.messageId, updateId, runId, sessionKey, from, sender, ...said };
    using seat = this.#calls.sit(sessionKey, first.n);
    let failures = 0;
    let problem: string | undefined;
    let lack: Lack = "notYet";
    for (let attempt = 1; ; attempt++) {
      try {
        const outcome = await this.#options.deliver(message, first);
        if (outcome === "done") return await this.#forget(entries);
        lack = outcome;
      } catch (error) {
        if (!isTemporary(error)) failures++;
        this.#options.log.warn("a message that waits found no turn", {
          updateId,
          attempt,
          error: describeError(error),
        });
        if (failures >= mostFailures) problem = describeError(error);
      }
      if (problem !== undefined) return await this.#giveUp(entries, problem);
      this.#closing.signal.throwIfAborted();
      await seat.rest(lack, backoffMs(retry, attempt));
      this.#closing.signal.throwIfAborted();
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

function recordOf(entry: Entry): RecordWrite {
  return { kind: waitingRecords, id: idOf(entry), data: JSON.stringify(entry) };
}
