import { expect, test } from "bun:test";
import { KeptOutput } from "../../../src/sandbox/kept-output.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

test("what fits is kept whole, however it is cut into pieces", () => {
  const text = "a grüße 日本 👋 end";
  for (const size of [1, 2, 3, 5, 7, 100]) {
    const kept = new KeptOutput(64);
    const all = bytes(text);
    for (let at = 0; at < all.length; at += size) kept.add(all.subarray(at, at + size));
    expect([kept.text(), kept.truncated, kept.bytes]).toEqual([text, false, all.length]);
  }
});

test("of more than fits, the beginning and the end are kept, in order", () => {
  for (const size of [1, 3, 10, 1_000]) {
    const kept = new KeptOutput(20);
    const all = bytes(`0123456789${"x".repeat(1_000)}abcdefghij`);
    for (let at = 0; at < all.length; at += size) kept.add(all.subarray(at, at + size));
    expect(kept.text()).toBe("0123456789\n[… 1000 bytes left out …]\nabcdefghij");
    expect([kept.truncated, kept.bytes]).toEqual([true, 1_020]);
  }
});

test("no character is cut in half, and the count is of what is missing", () => {
  for (const character of ["é", "日", "👋"]) {
    for (let shift = 0; shift < 4; shift++) {
      const kept = new KeptOutput(31);
      const text = "x".repeat(shift) + character.repeat(100);
      kept.add(bytes(text));
      const [head = "", , tail = ""] = kept.text().split("\n");
      expect(kept.text()).not.toContain("\uFFFD");
      const left = Number(/(\d+) bytes left out/.exec(kept.text())?.[1]);
      expect(left + bytes(head).length + bytes(tail).length).toBe(bytes(text).length);
      expect(text.startsWith(head) && text.endsWith(tail)).toBeTrue();
    }
  }
});

test("bytes that are no text do not stop it", () => {
  const kept = new KeptOutput(8);
  kept.add(new Uint8Array(100).fill(0x80));
  expect(kept.text()).toContain("bytes left out");
});
