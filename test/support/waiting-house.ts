import { join } from "node:path";
import { createLog, systemClock } from "#base";
import type { InboundMessage } from "#protocol";
import { openSqlite, type Storage } from "#storage";
import { FileDesk } from "../../src/gateway/inbound/file-desk.ts";
import type { Lack } from "../../src/gateway/inbound/place-calls.ts";
import {
  type NewEntry,
  type Wait,
  WaitingRoom,
  type WaitingRoomOptions,
} from "../../src/gateway/inbound/waiting-room.ts";
import { tempFolder } from "./temp-folder.ts";

export const usualWait: Wait = { joinKey: "ann", quietMs: 0, newRunId: "run", mayComeLater: false };

export interface WaitingHouseOptions extends Partial<Pick<WaitingRoomOptions, "clock" | "limits">> {
  readonly path?: string;
  readonly storage?: Storage;
}

/** A waiting room before turns that have room for nothing until somebody lets them. */
export class WaitingHouse implements AsyncDisposable {
  readonly told: string[] = [];
  /** The files of each, as far as it has some. */
  readonly files: NonNullable<InboundMessage["files"]>[] = [];
  readonly logged: string[] = [];
  readonly storage: Storage;
  readonly room: WaitingRoom;
  readonly #opened = new AsyncDisposableStack();
  #has: (message: InboundMessage) => boolean = () => false;

  /** On SQLite in a folder of its own, unless told otherwise. */
  constructor({ path, storage, limits, clock = systemClock }: WaitingHouseOptions = {}) {
    const folder = path ?? this.#opened.use(tempFolder()).path;
    const log = createLog({ level: "info", write: (line) => this.logged.push(line) });
    const house = { log, clock };
    this.storage = this.#opened.use(
      storage ?? openSqlite({ path: join(folder, "openclaw.db"), log, clock: systemClock }),
    );
    this.room = this.#opened.use(
      new WaitingRoom({
        ...house,
        ...(limits && { limits }),
        storage: this.storage,
        desk: new FileDesk({ ...house, storage: this.storage, hearing: () => undefined }),
        deliver: async (message) => this.#take(message),
        putAside: async () => {},
      }),
    );
  }

  put(sessionKey: string, n: number, wait: Partial<Wait> = {}): Promise<void> {
    return this.room.put(entry(sessionKey, n), { ...usualWait, ...wait });
  }

  async putAll(sessionKey: string, from: number, to: number, wait: Partial<Wait> = {}): Promise<void> {
    await Promise.all(Array.from({ length: to - from }, (_, n) => this.put(sessionKey, from + n, wait)));
  }

  toldOf(sessionKey: string): string[] {
    return this.told.filter((text) => text.startsWith(`${sessionKey}-`));
  }

  async letGo(has: (message: InboundMessage) => boolean = () => true): Promise<void> {
    this.#has = has;
    for (let calls = 0; calls < 1_000; calls++) this.room.placeFreed("loud");
  }

  async records(): Promise<readonly string[]> {
    const kinds = ["inbound-waiting", "inbound-backlog", "inbound-backlog-update", "inbound-backlog-message"];
    const rows = await Promise.all(kinds.map((kind) => this.storage.records({ kind, limit: 10_000 })));
    return rows.flat().map(({ kind, id }) => `${kind} ${id}`);
  }

  #take(message: InboundMessage): "done" | Lack {
    if (!this.#has(message)) return "queueFull";
    this.told.push(message.text);
    if (message.files) this.files.push(message.files);
    return "done";
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#opened.disposeAsync();
  }
}

export function entry(sessionKey: string, n: number): NewEntry {
  return {
    scope: "pigeon/default",
    updateId: `${sessionKey}-${n}`,
    messageId: `m${n}`,
    sessionKey,
    from: { channel: "pigeon", account: "default", chat: "1" },
    sender: "1",
    text: `${sessionKey}-${n}`,
    files: [],
    context: [],
  };
}
