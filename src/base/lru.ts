/**
 * A map that keeps what was used last, within a budget: of entries, of bytes, of whatever `weigh` counts. An entry heavier
 * than the whole budget is not kept. What falls out is handed to `onEvict`.
 */
export class Lru<K, V> {
  readonly #entries = new Map<K, { readonly value: V; weight: number }>();
  readonly #budget: number;
  readonly #weigh: (value: V) => number;
  readonly #onEvict: (key: K, value: V) => void;
  #weight = 0;
  /** So that what is asked for again and again is moved but once. */
  #newest: K | undefined;

  constructor(options: {
    readonly budget: number;
    readonly weigh?: (value: V) => number;
    readonly onEvict?: (key: K, value: V) => void;
  }) {
    this.#budget = options.budget;
    this.#weigh = options.weigh ?? (() => 1);
    this.#onEvict = options.onEvict ?? (() => {});
  }

  get size(): number {
    return this.#entries.size;
  }

  get weight(): number {
    return this.#weight;
  }

  /** The value, now the most recently used one. */
  get(key: K): V | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    if (key !== this.#newest) {
      this.#entries.delete(key);
      this.#entries.set(key, entry);
      this.#newest = key;
    }
    return entry.value;
  }

  /** Stores a value, or weighs it anew when it is the one already there. */
  set(key: K, value: V): void {
    this.delete(key);
    const weight = this.#weigh(value);
    this.#entries.set(key, { value, weight });
    this.#newest = key;
    this.#weight += weight;
    for (const [oldest, entry] of this.#entries) {
      if (this.#weight <= this.#budget) return;
      this.delete(oldest);
      this.#onEvict(oldest, entry.value);
    }
  }

  delete(key: K): boolean {
    const entry = this.#entries.get(key);
    if (!entry) return false;
    this.#weight -= entry.weight;
    return this.#entries.delete(key);
  }

  /** The one not used for longest first; nothing is used by it. */
  keys(): MapIterator<K> {
    return this.#entries.keys();
  }

  values(): V[] {
    return [...this.#entries.values()].map((entry) => entry.value);
  }
}
