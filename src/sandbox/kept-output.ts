/**
 * What is remembered of an output of any length: its beginning and its end, at most `mostBytes` together. Memory stays at
 * that however much is added, so a flood costs reading time and nothing else.
 */
export class KeptOutput {
  readonly #head: Buffer;
  readonly #tail: Buffer;
  #headBytes = 0;
  /** Where in the ring the next byte goes, counted on without end. */
  #tailBytes = 0;

  constructor(mostBytes: number) {
    this.#head = Buffer.alloc(Math.ceil(mostBytes / 2));
    this.#tail = Buffer.alloc(Math.floor(mostBytes / 2));
  }

  /** All that was ever added. */
  get bytes(): number {
    return this.#headBytes + this.#tailBytes;
  }

  get truncated(): boolean {
    return this.#tailBytes > this.#tail.length;
  }

  add(chunk: Uint8Array): void {
    const toHead = Math.min(chunk.length, this.#head.length - this.#headBytes);
    this.#head.set(chunk.subarray(0, toHead), this.#headBytes);
    this.#headBytes += toHead;
    this.#addToTail(chunk.subarray(toHead));
  }

  /** As text: a marker where the middle is left out, and no character cut in half at either side of it. */
  text(): string {
    const head = this.#head.subarray(0, this.#headBytes);
    if (!this.truncated) {
      return Buffer.concat([head, this.#tail.subarray(0, this.#tailBytes)]).toString();
    }
    const split = this.#tailBytes % (this.#tail.length || 1);
    const tail = Buffer.concat([this.#tail.subarray(split), this.#tail.subarray(0, split)]);
    const before = head.subarray(0, lastBoundary(head));
    const after = tail.subarray(firstBoundary(tail));
    return `${before.toString()}\n[… ${this.bytes - before.length - after.length} bytes left out …]\n${after.toString()}`;
  }

  #addToTail(chunk: Uint8Array): void {
    const size = this.#tail.length;
    const seen = chunk.subarray(Math.max(0, chunk.length - size));
    const at = size === 0 ? 0 : (this.#tailBytes + chunk.length - seen.length) % size;
    const toEnd = Math.min(seen.length, size - at);
    this.#tail.set(seen.subarray(0, toEnd), at);
    this.#tail.set(seen.subarray(toEnd), 0);
    this.#tailBytes += chunk.length;
  }
}

/** The first byte that does not continue a UTF-8 character begun before; a character has at most three such bytes. */
function firstBoundary(bytes: Uint8Array): number {
  for (let at = 0; at < Math.min(3, bytes.length); at++) if (!continues(bytes[at])) return at;
  return Math.min(3, bytes.length);
}

/** The end of the last whole UTF-8 character. */
function lastBoundary(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(4, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (!continues(byte)) return lengthOf(byte) > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

function continues(byte = 0): boolean {
  return (byte & 0b1100_0000) === 0b1000_0000;
}

function lengthOf(lead: number): number {
  if (lead >= 0b1111_0000) return 4;
  if (lead >= 0b1110_0000) return 3;
  return lead >= 0b1100_0000 ? 2 : 1;
}
