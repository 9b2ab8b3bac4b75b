import { Lru } from "#base";
import { Gate } from "./gate.ts";
import { type LiveSession, stateOf } from "./live-session.ts";
import type { SessionState } from "./sessions.ts";

const cellBytes = 2_000;

/** The place of one key in memory: what is known of its session, and the gate to change it. */
export class Cell {
  readonly key: string;
  readonly gate: Gate;
  #session: LiveSession | undefined;
  #state: SessionState | undefined;

  constructor(key: string, onIdle: (cell: Cell) => void) {
    this.key = key;
    this.gate = new Gate(() => onIdle(this));
  }

  /** Undefined when it was not read yet, or there is none. */
  get session(): LiveSession | undefined {
    return this.#session;
  }

  set session(session: LiveSession | undefined) {
    this.#session = session;
    this.#state = undefined;
  }

  get state(): SessionState | undefined {
    if (!this.#session) return undefined;
    return (this.#state ??= stateOf(this.#session));
  }

  get bytes(): number {
    return cellBytes + 2 * (this.#session?.fold.window.weight ?? 0);
  }
}

/** All cells. Those with work in them stay; of the idle ones, those used last stay, as many as fit the budget. */
export class Cells {
  readonly #busy = new Map<string, Cell>();
  readonly #idle: Lru<string, Cell>;

  constructor(cacheBytes: number) {
    this.#idle = new Lru({ budget: cacheBytes, weigh: (cell) => cell.bytes });
  }

  /** What is known of the key without looking at the disk. */
  peek(key: string): Cell | undefined {
    return this.#busy.get(key) ?? this.#idle.get(key);
  }

  /** Work in the key's gate. */
  enter<T>(key: string, isAlone: (cell: Cell) => boolean, work: (cell: Cell) => Promise<T>): Promise<T> {
    const cell = this.#take(key);
    return cell.gate.enter(
      () => isAlone(cell),
      () => work(cell),
    );
  }

  /** Resolves when no gate has work in it or before it. */
  async idle(): Promise<void> {
    while (this.#busy.size > 0)
      await Promise.all(
        Array.from(this.#busy.values(), (cell) =>
          cell.gate.enter(
            () => true,
            () => Promise.resolve(),
          ),
        ),
      );
  }

  #take(key: string): Cell {
    const known = this.peek(key);
    const cell = known ?? new Cell(key, (idle) => this.#rest(idle));
    this.#idle.delete(key);
    this.#busy.set(key, cell);
    return cell;
  }

  #rest(cell: Cell): void {
    this.#busy.delete(cell.key);
    if (cell.session) this.#idle.set(cell.key, cell);
  }
}
