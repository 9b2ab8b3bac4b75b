/** Something in a storage that is not as it was written. */
export interface Finding {
  readonly where: "file" | "session" | "turn" | "blob" | "outbox" | "receipt" | "record";
  /** For a person; begins in lower case and has no full stop. */
  readonly problem: string;
  readonly sessionId?: string;
  readonly key?: string;
  /** The first event of its session that cannot be believed. */
  readonly seq?: number;
}

const mostKept = 1_000;

/** The findings of one inspection; beyond the first thousand they are only counted. */
export class Findings {
  readonly #kept: Finding[] = [];
  #count = 0;

  get list(): readonly Finding[] {
    return this.#kept;
  }

  get count(): number {
    return this.#count;
  }

  add(finding: Finding): void {
    this.#count += 1;
    if (this.#kept.length < mostKept) this.#kept.push(finding);
  }
}
