interface Used {
  readonly updated_at: number;
  readonly id: string;
}

/** By the bytes of UTF-8, as databases compare texts; `<` compares UTF-16, which is another order above U+D7FF. */
export function byteOrder(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** The last used first; of those of one millisecond, the greatest id. */
export function recentFirst(a: Used, b: Used): number {
  return b.updated_at - a.updated_at || byteOrder(b.id, a.id);
}
