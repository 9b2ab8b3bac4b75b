import type { Log } from "#base";
import type { DeviceChange } from "./devices.ts";

/** Who is told what has changed. */
export class Audience {
  readonly #log: Log;
  readonly #listeners = new Set<(change: DeviceChange) => void>();

  constructor(log: Log) {
    this.#log = log;
  }

  subscribe(listener: (change: DeviceChange) => void): () => void {
    const own = (change: DeviceChange) => listener(change);
    this.#listeners.add(own);
    return () => {
      this.#listeners.delete(own);
    };
  }

  /** A listener that throws is a bug, and must not make a change fail that is on disk. */
  tell(...changes: readonly DeviceChange[]): void {
    for (const change of changes) {
      for (const listener of this.#listeners) {
        try {
          listener(change);
        } catch (error) {
          this.#log.error("somebody who follows the devices failed", { change: change.type, error });
        }
      }
    }
  }
}
