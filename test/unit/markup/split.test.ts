import { parseMarkdown, plain, split, toMarkdown } from "#markup";
import { describe, expect, test } from "bun:test";
import { stylesIn } from "../../support/markup-pieces.ts";

const texts = (...args: Parameters<typeof split>) => split(...args).map(({ text }) => text);

describe("a long text is cut where it parts best", () => {
  test.each([
    ["what fits is one piece", "a b c", 5, ["a b c"]],
    ["between paragraphs", "one two\n\nthree four. five", 16, ["one two", "three four. five"]],
    ["between lines", "one two\nthree four. five", 16, ["one two", "three four. five"]],
    ["between sentences", "It was. It is not now", 12, ["It was.", "It is not", "now"]],
    ["between words", "one two three", 9, ["one two", "three"]],
    ["in a word that is too long", "abcdefgh", 3, ["abc", "def", "gh"]],
    [
      "not between a heading and its text",
      "word word\n\n# Title\nbody body body",
      24,
      ["word word", "Title\nbody body body"],
    ],
    [
      "nor where that is the only good place",
      "a\n\n# Title long long\nbo dybodybody",
      24,
      ["a\n\nTitle long long\nbo", "dybodybody"],
    ],
    ["before a link, where nothing else parts the text", "abcdef[ghijkl](http://x.y)", 8, ["abcdef", "ghijkl"]],
    ["indentation of the next line is kept", "- aaaa\n  - bbbb", 8, ["• aaaa", "  • bbbb"]],
    ["not in a surrogate pair", "a😀😀", 2, ["a", "😀", "😀"]],
    ["not in a family", "👩‍👩‍👧👩‍👩‍👧", 10, ["👩‍👩‍👧", "👩‍👩‍👧"]],
    ["not between a letter and its marks", "ae\u0301e\u0301", 4, ["ae\u0301", "e\u0301"]],
    ["not between a space and its mark", "ab \u0301c", 3, ["ab", " \u0301c"]],
    ["not between a space and code that begins with its mark", "abc  `\u0301defgh`", 6, ["abc", " \u0301defg", "h"]],
    ["not in a flag", "🇩🇪🇫🇷", 6, ["🇩🇪", "🇫🇷"]],
    [
      "not in a Korean syllable",
      "\u1100\u1161\u11A8\u1100\u1161\u11A8",
      5,
      ["\u1100\u1161\u11A8", "\u1100\u1161\u11A8"],
    ],
  ])("%s", (_what, markdown, most, pieces) => {
    expect(texts(parseMarkdown(markdown), { most })).toEqual(pieces);
  });
});

test("only a grapheme that is longer than a piece is cut, at a code point", () => {
  const zalgo = `a${"\u0301".repeat(10_000)}`;
  const pieces = texts(plain(zalgo), { most: 4_096 });
  expect(pieces.map((piece) => piece.length)).toEqual([4_096, 4_096, 1_809]);
  expect(pieces.join("")).toBe(zalgo);
});

test("a link stays whole where it fits", () => {
  expect(texts(parseMarkdown("see [the big book](http://a.b) now"), { most: 12 })).toEqual([
    "see",
    "the big book",
    "now",
  ]);
});

test("code that fits stays whole, and what does not goes on in the next piece with its language", () => {
  const code = "```ts\nlet a;\nlet b;\n```";
  expect(split(parseMarkdown(`one two\n${code}`), { most: 13 }).flatMap(stylesIn)).toEqual(["pre ts (let a;\nlet b;)"]);
  expect(split(parseMarkdown(code), { most: 8 }).map(toMarkdown)).toEqual(["```ts\nlet a;\n```", "```ts\nlet b;\n```"]);
});

test("a style that is cut goes on in the next piece", () => {
  expect(split(parseMarkdown("> **one two** x"), { most: 4 }).map(stylesIn)).toEqual([
    ["quote(one)", "bold(one)"],
    ["quote(two)", "bold(two)"],
    ["quote(x)"],
  ]);
});

test.each([
  ["codePoints", 2, ["😀😀", "😀"]],
  ["bytes", 8, ["😀😀", "😀"]],
  ["graphemes", 1, ["😀", "😀", "😀"]],
  ["utf16", 5, ["😀😀", "😀"]],
] as const)("a limit may count %s", (measure, most, pieces) => {
  expect(texts(plain("😀😀😀"), { most, measure })).toEqual([...pieces]);
});

test("a limit may be of lines", () => {
  expect(texts(plain("a\nb\nc\nd\ne"), { most: 100, lines: 2 })).toEqual(["a\nb", "c\nd", "e"]);
});

test("a limit may count what a platform makes of a piece, signs and all", () => {
  const pieces = split(parseMarkdown("**one two three**"), { most: 11, measure: (piece) => toMarkdown(piece).length });
  expect(pieces.map(toMarkdown)).toEqual(["**one two**", "**three**"]);
});

test("a link whose address leaves no room for its text is left out, the rest of the styles stay", () => {
  const pieces = split(parseMarkdown("[a](http://long.example/path) **b**"), {
    most: 12,
    measure: (piece) => toMarkdown(piece).length,
  });
  expect(pieces.map(toMarkdown)).toEqual(["a **b**"]);
});

test("nothing is no piece", () => {
  expect(split(plain(" \n\n "), { most: 10 })).toEqual([]);
});

test("a limit that nothing fits is a mistake", () => {
  expect(() => split(plain("a"), { most: 0 })).toThrow(RangeError);
});

function largeAtTwo({ text }: { readonly text: string }): number {
  return text.endsWith("two") ? 99 : text.length;
}

test("what is chosen is measured too, for it may be larger than what lies beyond it", () => {
  expect(texts(plain("one two three"), { most: 9, measure: largeAtTwo })).toEqual(["one", "two three"]);
});
