/** Who sends frames. */
export interface Sender {
  /** Takes up one frame, and does not wait for what comes of it. */
  serve(text: string): void;
}

/**
 * Shares the event loop out among those who send. A frame is taken up as it comes while there is time in this turn of the
 * loop; what comes later waits, and each turn takes up one frame of everyone who has some waiting: who floods waits for
 * himself alone.
 */
export class Inbox {
  readonly #turnMs: number;
  readonly #elapsed: () => number;
  /** In the order of their turns. Whoever is in here has a frame waiting. */
  readonly #waiting = new Map<Sender, Queue>();
  #turnEnds: number | undefined;

  constructor(options: { readonly turnMs: number; readonly elapsed: () => number }) {
    this.#turnMs = options.turnMs;
    this.#elapsed = options.elapsed;
  }

  /** False when the frame would have to wait, and more than `mostWaiting` bytes of this sender wait already. */
  take(sender: Sender, text: string, mostWaiting: number): boolean {
    const queue = this.#waiting.get(sender);
    if (!queue && this.#hasTime()) {
      sender.serve(text);
      return true;
    }
    if (queue) return queue.bytes <= mostWaiting && queue.add(text);
    this.#waiting.set(sender, new Queue(text));
    return true;
  }

  /** Forgets what this sender has waiting. */
  drop(sender: Sender): void {
    this.#waiting.delete(sender);
  }

  /** The first to ask begins a turn; it ends when everything else that was ready has had its own. */
  #hasTime(): boolean {
    const now = this.#elapsed();
    if (this.#turnEnds === undefined) {
      this.#turnEnds = now + this.#turnMs;
      setImmediate(() => this.#nextTurn());
    }
    return now < this.#turnEnds;
  }

  #nextTurn(): void {
    this.#turnEnds = undefined;
    for (let left = this.#waiting.size; left > 0 && this.#hasTime(); left--) this.#serveFirst();
  }

  /** Whoever still has some waiting goes to the end of the line. */
  #serveFirst(): void {
    const [first] = this.#waiting;
    if (!first) return;
    const [sender, queue] = first;
    this.#waiting.delete(sender);
    const text = queue.next();
    if (!queue.isEmpty) this.#waiting.set(sender, queue);
    if (text !== undefined) sender.serve(text);
  }
}

/** What a waiting frame costs beside its text, about. */
const overheadBytes = 64;

/** Read by position: to shift the first of fifty thousand would move all the others. */
class Queue {
  readonly #texts: (string | undefined)[];
  #at = 0;
  bytes = 0;

  constructor(first: string) {
    this.#texts = [first];
    this.bytes = overheadBytes + first.length;
  }

  get isEmpty(): boolean {
    return this.#at >= this.#texts.length;
  }

  add(text: string): true {
    this.#texts.push(text);
    this.bytes += overheadBytes + text.length;
    return true;
  }

  next(): string | undefined {
    const text = this.#texts[this.#at];
    this.#texts[this.#at++] = undefined;
    this.bytes -= overheadBytes + (text?.length ?? 0);
    return text;
  }
}
