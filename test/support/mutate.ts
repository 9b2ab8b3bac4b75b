/** Pieces that parsers trip over. */
const splinters = [
  '"',
  "\\",
  "{",
  "}",
  "[",
  "]",
  ",",
  ":",
  "null",
  "1e999",
  "-0",
  '"__proto__":',
  '"constructor":{"prototype":{}}',
  "\ud800",
  "\udfff",
  "\\ud800",
  "\\u0000",
  "\u0000",
  "\u2028",
  "[[[[[[[[",
  '{"a":',
  "9".repeat(400),
  "é",
  '"id":[]',
  '"params":[]',
];

/** One of the texts, after a few cuts, doublings, exchanges and insertions. */
export function mutate(corpus: readonly string[], roll: (sides: number) => number): string {
  let now = corpus[roll(corpus.length)] ?? "";
  for (let changes = roll(4); changes >= 0; changes--) {
    const [from, to] = [roll(now.length + 1), roll(now.length + 1)].toSorted((a, b) => a - b) as [number, number];
    const ways = [
      () => now.slice(0, from) + now.slice(to),
      () => now.slice(0, to) + now.slice(from),
      () => now.slice(0, from) + (splinters[roll(splinters.length)] ?? "") + now.slice(from),
      () => now.slice(0, from) + String.fromCharCode(roll(65_536)) + now.slice(from + 1),
      () => now.slice(0, from) + (corpus[roll(corpus.length)] ?? "").slice(0, roll(40)) + now.slice(to),
    ];
    now = ways[roll(ways.length)]?.() ?? now;
  }
  return now;
}
