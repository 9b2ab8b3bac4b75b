import type { Log } from "#base";
import { fault } from "#protocol";
import type { Storage } from "#storage";
import { DeviceRecord } from "./device-record.ts";
import { SetupRecord } from "./setup-record.ts";
import { Shelf, type ShelfWrite } from "./shelf.ts";
import { SurfaceRecord } from "./surface-record.ts";

export const mostDevices = 1_000;
const mostWaiting = 1_000;
const mostAttempts = 3;

/** Somebody else changed a record in the meantime. */
class Overtaken extends Error {}

/**
 * What the room knows, read once and kept equal to the disk. Changes are made one after the other, so that none decides
 * on what another is about to change; two gateways on one database are held apart by the versions of the records.
 */
export class Books {
  readonly #storage: Storage;
  readonly devices: Shelf<typeof DeviceRecord>;
  readonly setups: Shelf<typeof SetupRecord>;
  readonly surfaces: Shelf<typeof SurfaceRecord>;
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;
  #opened: Promise<void> | undefined;

  constructor(storage: Storage, log: Log) {
    this.#storage = storage;
    const shared = { most: mostDevices, log };
    this.devices = new Shelf({ kind: "device", schema: DeviceRecord, idOf: (device) => device.deviceId, ...shared });
    this.setups = new Shelf({ kind: "device.setup", schema: SetupRecord, idOf: (setup) => setup.setupId, ...shared });
    this.surfaces = new Shelf({
      kind: "device.surface",
      schema: SurfaceRecord,
      idOf: (node) => node.nodeId,
      ...shared,
    });
  }

  get isBusy(): boolean {
    return this.#waiting >= mostWaiting;
  }

  /** Damaged ones count: they take a place on disk. */
  get isFull(): boolean {
    return this.devices.size >= mostDevices;
  }

  /** Reads what there is, the first time. */
  open(): Promise<void> {
    this.#opened ??= this.#read();
    return this.#opened;
  }

  /**
   * Runs `work` when all before it is done. It must commit once at most, and nothing else that it does may last before
   * that: when it was overtaken it runs again, on what is true then.
   */
  change<T>(work: () => Promise<T>): Promise<T> {
    if (this.isBusy) return Promise.reject(fault.queueFull({ problem: "Too many changes of devices wait" }));
    this.#waiting += 1;
    const outcome = this.#last.then(() => this.#attempt(work));
    const settled = () => {
      this.#waiting -= 1;
    };
    this.#last = outcome.then(settled, settled); // who asked hears of the failure, who comes next does not
    return outcome;
  }

  /** All of it, durably, or nothing. */
  async commit(...writes: readonly ShelfWrite[]): Promise<void> {
    if (!(await this.#storage.writeRecords(writes.map(({ record }) => record)))) throw new Overtaken();
    for (const { settle } of writes) settle();
  }

  async #attempt<T>(work: () => Promise<T>): Promise<T> {
    for (let attempt = 1; attempt <= mostAttempts; attempt++) {
      await this.open();
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof Overtaken)) throw error;
        this.#opened = undefined;
      }
    }
    throw fault.storageUnavailable({ problem: "another gateway keeps changing the same devices" });
  }

  async #read(): Promise<void> {
    try {
      await Promise.all([this.devices, this.setups, this.surfaces].map((shelf) => shelf.read(this.#storage)));
    } catch (error) {
      this.#opened = undefined;
      throw error;
    }
  }
}
