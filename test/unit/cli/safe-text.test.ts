import { expect, test } from "bun:test";
import { safeJson, safeLine, SafeStream, safeText } from "../../../src/cli/safe-text.ts";

test.each([
  ["colour and cursor", "\u001B[31mred\u001B[2J", String.raw`\x1b[31mred\x1b[2J`],
  ["a window title", "\u001B]0;pwned\u0007", String.raw`\x1b]0;pwned\x07`],
  ["the one-byte form of ESC [", "\u009B2J", String.raw`\x9b2J`],
  ["overwriting a line", "rm -rf /\rls", String.raw`rm -rf /\rls`],
  ["backspaces", "a\b\bb", String.raw`a\x08\x08b`],
  ["reordered text", "a\u202Etxt.exe", String.raw`a\u{202e}txt.exe`],
  ["isolates", "\u2066x\u2069", String.raw`\u{2066}x\u{2069}`],
  ["text in invisible tags", "\u{E0041}", String.raw`\u{e0041}`],
  ["line separators", "a\u2028b", String.raw`a\u{2028}b`],
  ["what is only text", "déjà\tvu\n你好 👨\u200D👩\u200D👧", "déjà\tvu\n你好 👨\u200D👩\u200D👧"],
  ["Windows line ends", "a\r\nb", "a\nb"],
])("%s", (_what, text, shown) => {
  expect(safeText(text)).toBe(shown);
});

test("a line is one line", () => {
  expect(safeLine(" a\n\n b\tc ")).toBe("a b c");
});

test.each([
  [["a\r", "\nb"], "a\nb"],
  [["a\r", "b"], String.raw`a\rb`],
  [["a", "\r"], String.raw`a\r`],
  [["\uDB40", "\uDC41"], String.raw`\u{e0041}`],
  [["\uD83D", "\uDE00"], "😀"],
  [["\u001B", "[2J"], String.raw`\x1b[2J`],
])("pieces %j are the same as the whole", (pieces, shown) => {
  const stream = new SafeStream();
  expect(pieces.map((piece) => stream.push(piece)).join("") + stream.end()).toBe(shown);
});

test("JSON keeps its meaning, and a terminal is not moved by it", () => {
  const value = { text: "\u001B[2J \u009B \u202E \u{E0041} \u007F é\n" };
  const json = safeJson(value);
  expect(JSON.parse(json)).toEqual(value);
  expect(json).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
  expect(json).toContain("é");
});
