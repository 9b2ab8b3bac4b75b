import { parseMarkdown, plain, tidy, toMarkdown } from "#markup";
import { describe, expect, test } from "bun:test";
import { stylesIn } from "../../support/markup-pieces.ts";

describe("markdown becomes text and styles", () => {
  test.each([
    [
      "styles",
      "**b** *i* ~~s~~ <u>u</u> ||x|| `c`",
      "b i s u x c",
      ["bold(b)", "italic(i)", "strike(s)", "underline(u)", "spoiler(x)", "code(c)"],
    ],
    ["styles in styles", "**a *b* `c`**", "a b c", ["bold(a b c)", "italic(b)", "code(c)"]],
    ["a heading, close to what is below it", "# T *x*\n\ntext", "T x\ntext", ["heading 1 (T x)", "italic(x)"]],
    ["lists", "to do:\n\n- a\n- b\n  - c\n\nend", "to do:\n• a\n• b\n  • c\n\nend", []],
    ["numbers", "3. a\n4. b", "3. a\n4. b", []],
    ["items of more than one paragraph", "1. a\n\n   b\n2. c", "1. a\n\nb\n\n2. c", []],
    ["tasks", "- [ ] a\n- [x] b", "☐ a\n☑ b", []],
    ["quotes in quotes", "> a\n> > b\n\nc", "a\nb\nc", ["quote(a\nb)", "quote(b)"]],
    [
      "code with its language",
      "x\n\n```ts\n  a  <b>\n\n\tc\n```\ny",
      "x\n  a  <b>\n\n    c\ny",
      ["pre ts (  a  <b>\n\n    c)"],
    ],
    [
      "a fence that has not been closed yet",
      "so:\n```py\nprint(1)\npri",
      "so:\nprint(1)\npri",
      ["pre py (print(1)\npri)"],
    ],
    ["a style that has not been closed yet", "so **im", "so **im", []],
    ["a table", "|a|bb|\n|-|-|\n|*你好*|1|", "a    | bb\n-----+---\n你好 | 1", ["pre(a    | bb\n-----+---\n你好 | 1)"]],
    ["an image", "![cat](https://x.y/c.png)", "cat", ["link https://x.y/c.png (cat)"]],
    [
      "an image without a text",
      "![](https://x.y/c.png)",
      "https://x.y/c.png",
      ["link https://x.y/c.png (https://x.y/c.png)"],
    ],
    [
      "bare addresses",
      "see www.x.com, a@b.co",
      "see www.x.com, a@b.co",
      ["link http://www.x.com (www.x.com)", "link mailto:a@b.co (a@b.co)"],
    ],
    ["an address with signs", "[a](<https://x.y/?a=1&amp;b=\\)>)", "a", ["link https://x.y/?a=1&b=) (a)"]],
    ["a place that is not on the web", "[main](src/main.ts)", "main (src/main.ts)", []],
    ["an address that runs something", "[a](javascript:alert)", "a (javascript:alert)", []],
    ["an address that hides a line end", "[a](<https://x.y/&#10;b>)", "a (https://x.y/\nb)", []],
    ["HTML", "<script>*a*</script> <b>b</b><br>c", "<script>a</script> b\nc", ["italic(a)", "bold(b)"]],
    ["HTML that is written as text", "\\<b>a\\</b> `<b>`", "<b>a</b> <b>", ["code(<b>)"]],
    ["bars that are no spoiler", "a || b |||| c", "a || b |||| c", []],
    ["tags around nothing", "<b></b>", "<b></b>", []],
    ["a rule", "a\n\n---\n\nb", "a\n\n———\n\nb", []],
    ["numbers and commas, which are not structure", "1,2, 3,", "1,2, 3,", []],
    ["control characters", "a\u0000\u001b[0m", "a\uFFFD\uFFFD[0m", []],
  ])("%s", (_what, markdown, text, styles) => {
    const markup = parseMarkdown(markdown);
    expect(markup.text).toBe(text);
    expect(stylesIn(markup)).toEqual(styles);
  });
});

test("a style over several lines is one on each line, without the white space at its edges", () => {
  const markup = tidy({ text: "a b \n c d", spans: [{ style: "bold", start: 1, end: 7 }] });
  expect(markup.text).toBe("a b\n c d");
  expect(stylesIn(markup)).toEqual(["bold(b)", "bold(c)"]);
});

test("a block that begins inside a line begins a line", () => {
  const markup = tidy({ text: "see x = 1 there", spans: [{ style: "pre", start: 4, end: 9 }] });
  expect(markup.text).toBe("see\nx = 1\n there");
});

test("styles that cross are cut so that one lies in the other", () => {
  const text = "abcdef";
  const markup = tidy({
    text,
    spans: [
      { style: "bold", start: 0, end: 4 },
      { style: "italic", start: 2, end: 6 },
    ],
  });
  expect(stylesIn(markup)).toEqual(["bold(abcd)", "italic(cd)", "italic(ef)"]);
});

test("a block of nothing but a line end is none", () => {
  const markup = tidy({
    text: " \n|",
    spans: [
      { style: "heading", level: 1, start: 1, end: 2 },
      { style: "heading", level: 2, start: 2, end: 3 },
    ],
  });
  expect(stylesIn(markup)).toEqual(["heading 2 (|)"]);
});

test("what is cut beside white space is cut again where it then crosses, until nothing changes", () => {
  const markup = tidy({
    text: "abcdef ghijklmnopqrst",
    spans: [
      { style: "italic", start: 0, end: 7 },
      { style: "strike", start: 5, end: 15 },
      { style: "bold", start: 6, end: 20 },
    ],
  });
  expect(tidy(markup)).toEqual(markup);
});

test.each([
  [
    "plain text stays as it is",
    plain("Hi! It costs 2*3 (or snake_case).\n\nBye"),
    "Hi! It costs 2*3 (or snake_case).\n\nBye",
  ],
  ["what would be read as a sign is escaped", plain("# 1 *not* [x](y)"), "\\# 1 \\*not\\* \\[x](y)"],
  ["what would be read as an address is not", plain("www.x.com"), "www\\.x.com"],
  [
    "a line that needs no signs does not get them for another that does",
    plain("1. one *x*\n@molty_bot\nsnake_case [1] a|b <3 & C:\\dir"),
    "1. one \\*x\\*\n@molty_bot\nsnake_case [1] a|b <3 & C:\\dir",
  ],
  ["of a line only what could be read as a sign", plain("*a* 2 * 3 a_b [c] d & e!"), "\\*a\\* 2 * 3 a_b [c] d & e!"],
  ["what would make a heading of the line above", plain("Title\n---"), "Title\n\\---"],
  ["indentation is kept", plain("a\n    b"), "a\n\u00A0\u00A0\u00A0\u00A0b"],
  ["a fence is longer than the rows in its code", parseMarkdown("````\n```\n````"), "````\n```\n````"],
  ["a style within a word", { text: "a.b", spans: [{ style: "bold" as const, start: 1, end: 2 }] }, "a<b>.</b>b"],
  [
    "a mention is only its text",
    { text: "@ada", spans: [{ style: "mention" as const, of: "user" as const, id: "1", start: 0, end: 4 }] },
    "@ada",
  ],
])("written back as markdown, %s", (_what, markup, markdown) => {
  expect(toMarkdown(markup)).toBe(markdown);
});

test("a wide table head over many short rows is not filled up", () => {
  const head = `${"a|".repeat(127)}a\n${"-|".repeat(127)}-\n`;
  expect(parseMarkdown(head + "a\n".repeat(20_000)).spans).toEqual([]);
  expect(stylesIn(parseMarkdown(`${head}a\n`))).toEqual([expect.stringContaining("pre")]);
});
