import type { Log } from "#base";
import type { Services } from "../services.ts";
import { events, type OpenClawEvent } from "./events.ts";
import { healthFrom } from "./health.ts";

/** When nothing changes, every so many looks it is told all the same. */
const looksBetween = 2;

/** Looks at the gateway's health from time to time and tells of it: at once when it has changed. */
export class HealthNews {
  readonly #services: Services;
  readonly #log: Log;
  readonly #tell: (health: OpenClawEvent["payload"]) => void;
  #version = 0;
  #looks = 0;
  #last: string | undefined;
  #isLooking = false;

  constructor(options: {
    readonly services: Services;
    readonly log: Log;
    readonly tell: (health: OpenClawEvent["payload"]) => void;
  }) {
    this.#services = options.services;
    this.#log = options.log;
    this.#tell = options.tell;
  }

  /** Goes up with each change that was seen. */
  get version(): number {
    return this.#version;
  }

  /** Never rejects. A look that takes long is the only one. */
  async look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      const report = await this.#services.health();
      this.#found({ ...healthFrom(report, this.#services), ...report });
    } catch (error) {
      this.#log.error("the health could not be told", { error });
    } finally {
      this.#isLooking = false;
    }
  }

  #found(health: { readonly ts: number }): void {
    const { ts: _when, ...state } = health;
    const now = JSON.stringify(state);
    const isOther = this.#last !== undefined && this.#last !== now;
    if (isOther) this.#version++;
    this.#last = now;
    const isDue = this.#looks++ % looksBetween === 0;
    if (isOther || isDue) this.#tell(health);
  }
}

/** Said anew soon enough to be left out for who is slow. */
export const healthEvent = { name: "health", scope: events.health, isDroppable: true } as const;
