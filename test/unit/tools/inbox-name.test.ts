import { expect, test } from "bun:test";
import { inboxName, numbered } from "../../../src/tools/inbox-name.ts";

test.each([
  ["report.pdf", "report.pdf"],
  ["Ünïcode – 日本語.txt", "Ünïcode – 日本語.txt"],
  ["../../etc/passwd", "etc passwd"],
  ["..\\..\\boot.ini", "boot.ini"],
  ["/etc/shadow", "etc shadow"],
  [".bashrc", "bashrc"],
  ["...", "file.pdf"],
  ["-rf", "rf"],
  ["a\0b\nc\u202ed\u2028e.txt", "a b c d e.txt"],
  ["\ud800x.txt", "x.txt"],
  ['<a>:"b"|?*.txt', "a b.txt"],
  ["archive.tar.gz. ", "archive.tar.gz"],
  ["CON.txt", "_CON.txt"],
  ["console.txt", "console.txt"],
  ["~", "~"],
  ["", "file.pdf"],
  [undefined, "file.pdf"],
])("%p is called %p in the inbox", (name, called) => {
  expect(inboxName(name, "application/pdf")).toBe(called);
});

test("a file without a name is called after what it is, as far as that is known", () => {
  expect(inboxName(undefined, "image/png")).toBe("file.png");
  expect(inboxName(undefined, "application/octet-stream")).toBe("file");
});

test("a long name is cut and keeps its ending, within what a file system takes", () => {
  expect(inboxName(`${"a".repeat(300)}.pdf`, "x")).toBe(`${"a".repeat(96)}.pdf`);
  const wide = inboxName(`${"🦞".repeat(300)}.pdf`, "x");
  expect(wide).toMatch(/^(🦞)+\.pdf$/u);
  expect(Buffer.byteLength(wide)).toBeLessThanOrEqual(200);
  expect(inboxName(`a.${"b".repeat(300)}`, "x")).toHaveLength(100);
});

test("the number of a name stands before its ending", () => {
  expect([1, 2, 3].map((n) => numbered("a.b.pdf", n))).toEqual(["a.b.pdf", "a.b-2.pdf", "a.b-3.pdf"]);
  expect(numbered("Makefile", 2)).toBe("Makefile-2");
});
