import { describeError, Lru } from "#base";
import type { Storage } from "#storage";
import { asideRecords } from "./record-kinds.ts";

const mostFailures = 5;
const updatesKept = 1_000;
const mostCharacters = 100_000;

/** Updates that break us each time they come. The fifth time they are kept for a person, and the chat goes on without them. */
export class Aside {
  readonly #storage: Storage;
  readonly #failures = new Lru<string, number>({ budget: updatesKept });

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  /** True when it is put aside, durably. */
  async failed(id: string, what: unknown, problem: string): Promise<boolean> {
    const failures = (this.#failures.get(id) ?? 0) + 1;
    this.#failures.set(id, failures);
    if (failures < mostFailures) return false;
    await this.put(id, what, problem);
    this.#failures.delete(id);
    return true;
  }

  async put(id: string, what: unknown, problem: string): Promise<void> {
    const data = JSON.stringify({ problem, update: written(what) });
    await this.#storage.writeRecords([{ kind: asideRecords, id: nameOf(id), data }]);
  }
}

/** Short enough to be typed, and the same for the same update. */
function nameOf(id: string): string {
  return Bun.SHA256.hash(id, "hex").slice(0, 24);
}

/** What broke us may break this too; then it is still put aside. */
function written(what: unknown): string {
  try {
    return (JSON.stringify(what) ?? "").slice(0, mostCharacters);
  } catch (error) {
    return `not to be written down: ${describeError(error)}`;
  }
}
