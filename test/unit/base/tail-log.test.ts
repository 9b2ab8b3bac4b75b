import { tailLog } from "#base";
import { expect, test } from "bun:test";
import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tempFolder } from "../../support/temp-folder.ts";

function open(text: string) {
  const folder = tempFolder();
  const path = join(folder.path, "gateway.log");
  writeFileSync(path, text);
  return {
    path,
    tail: (wanted: Partial<Parameters<typeof tailLog>[1]> = {}) =>
      tailLog(path, { limit: 100, maxBytes: 10_000, ...wanted }),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

test.each([
  ["all of a short file", "a\nb\n", {}, { lines: ["a", "b"], cursor: 4, size: 4, isTruncated: false }],
  ["the last lines of many", "a\nb\nc\n", { limit: 2 }, { lines: ["b", "c"], cursor: 6, isTruncated: true }],
  ["whole lines of the last bytes", "aaaa\nbb\ncc\n", { maxBytes: 8 }, { lines: ["bb", "cc"], isTruncated: true }],
  ["the same where a line begins there", "aaaa\nbb\ncc\n", { maxBytes: 6 }, { lines: ["bb", "cc"], isTruncated: true }],
  ["what is behind the cursor", "a\nb\nc\n", { cursor: 2 }, { lines: ["b", "c"], cursor: 6, isTruncated: false }],
  ["nothing at the end", "a\nb\n", { cursor: 4 }, { lines: [], cursor: 4, isTruncated: false }],
  ["no line that is being written", "a\nb", {}, { lines: ["a"], cursor: 2, size: 3 }],
  ["nothing of one long line", "aaaaaaaa", { maxBytes: 4 }, { lines: [], cursor: 4, isTruncated: true }],
  ["nothing of an empty file", "", {}, { lines: [], cursor: 0, size: 0, isTruncated: false }],
  ["more than one byte a letter", "äöü\nßé\n", { maxBytes: 7 }, { lines: ["ßé"], isTruncated: true }],
  ["the end of another file", "new\n", { cursor: 900 }, { lines: ["new"], cursor: 4, isReset: true }],
])("%s is read", async (_what, text, wanted, expected) => {
  using log = open(text);
  expect(await log.tail(wanted)).toMatchObject(expected);
});

test("a reader that goes on from its cursor reads every line once", async () => {
  using log = open("1\n2\n");
  const first = await log.tail();
  appendFileSync(log.path, "3\n4");
  const second = await log.tail({ cursor: first.cursor });
  appendFileSync(log.path, "5\n6\n");
  const third = await log.tail({ cursor: second.cursor });
  expect([first, second, third].map(({ lines }) => lines)).toEqual([["1", "2"], ["3"], ["45", "6"]]);
});

test("a file that is not there is an empty one", async () => {
  using log = open("");
  expect(await tailLog(`${log.path}.none`, { limit: 1, maxBytes: 1 })).toMatchObject({ lines: [], size: 0 });
});
