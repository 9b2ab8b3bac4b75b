export type Way = "jsonrpc" | "openclaw" | "http" | "pigeon";

/** A message as its sender knows it. */
export interface Said {
  readonly id: string;
  readonly way: Way;
  /** As the gateway spells it. */
  readonly sessionKey: string;
  readonly text: string;
  isAcknowledged: boolean;
}

/** What was said to one home, and what the gateway said of it. */
export class Book {
  readonly said = new Map<string, Said>();
  /** Keys of sessions that were asked to be deleted, and whether that was acknowledged. */
  readonly deletions = new Map<string, boolean>();
  #next = 0;

  /** Ids are never used again, whatever home or process they come from. */
  newId(prefix: string): string {
    return `${prefix}-${process.pid.toString(36)}-${Date.now().toString(36)}-${this.#next++}`;
  }

  write(said: Omit<Said, "isAcknowledged">): Said {
    const entry = { ...said, isAcknowledged: false };
    this.said.set(said.id, entry);
    return entry;
  }

  /** What nobody acknowledged: its sender says it again. */
  unanswered(): Said[] {
    return [...this.said.values()].filter((one) => !one.isAcknowledged && !this.deletions.has(one.sessionKey));
  }

  get acknowledged(): Said[] {
    return [...this.said.values()].filter((one) => one.isAcknowledged);
  }
}
