import { closeMarkdown, parseMarkdown } from "#markup";
import { expect, test } from "bun:test";
import { dice } from "../../support/dice.ts";

test.each([
  ["a style that is open is closed", "so **im", "so **im**"],
  ["styles are closed from the inside out", "**a *b", "**a *b***"],
  ["half a closing sign is left away", "so **im*", "so **im**"],
  ["a sign at the end that begins something is left away", "so **", "so"],
  ["also in another one", "so ~~**", "so"],
  ["code is closed", "call `f(a", "call `f(a`"],
  ["code that has not begun is left away", "call `", "call"],
  ["half of the end of code is left away", "``a`", "``a``"],
  ["signs in code are none", "`**a` b", "`**a` b"],
  ["signs that are escaped are none", "\\**a", "\\**a*"],
  ["an address that is not whole is not shown", "see [the book](http://a.b/c", "see the book"],
  ["an open fence stays as it is", "x\n```ts\nlet **a", "x\n```ts\nlet **a"],
  ["half the end of a fence is left away", "```ts\nlet a\n``", "```ts\nlet a"],
  ["a closed fence is closed", "```\na\n```\n**b", "```\na\n```\n**b**"],
  ["what may become a heading's underline or an item", "a\n-", "a"],
  ["a number that may become an item", "a\n2.", "a"],
  ["what is open in an earlier item does not matter in a later one", "- a *b\n- **c", "- a *b\n- **c**"],
  ["what is open in an earlier block does not matter", "a *b\n\nc", "a *b\n\nc"],
  ["signs in words are no styles", "snake_case and 2 * 3", "snake_case and 2 * 3"],
  ["a half escape is left away", "a \\", "a"],
  ["a whole text stays as it is", "**a** `b` [c](http://d.e)", "**a** `b` [c](http://d.e)"],
])("%s", (_what, open, closed) => {
  expect(closeMarkdown(open)).toBe(closed);
});

const bits = [
  "word",
  "**bold words**",
  "*it al*",
  "~~gone~~",
  "`co de`",
  "||hid den||",
  "**a *b c* d**",
  "x y",
  "**`k`**",
];
const parts = [
  "\n\n",
  "\n\n- ",
  "\n\n1. ",
  "\n\n# ",
  "\n\n> ",
  "\n\n```ts\nlet a = **b**;\n\nc_d\n```\n\n",
  " ",
  " ",
  " ",
];

test("however far a text has come, what of it is shown looks as it will when it is whole", () => {
  for (let seed = 1; seed <= 150; seed++) {
    const roll = dice(seed * 7_919);
    const pick = (from: readonly string[]) => from[roll(from.length)] ?? "";
    const whole = Array.from({ length: 2 + roll(6) }, () => pick(bits) + pick(parts)).join("");
    const expected = looks(whole);
    for (let to = 1; to <= whole.length; to++) {
      const shown = looks(closeMarkdown(whole.slice(0, to)));
      const context = { seed, shown: whole.slice(0, to) };
      expect({ ...context, looks: shown }).toEqual({ ...context, looks: expected.slice(0, shown.length) });
    }
  }
});

/** Each visible character with its styles. */
function looks(markdown: string): string[] {
  const { text, spans } = parseMarkdown(markdown);
  return Array.from(text.matchAll(/\S/gu), ({ 0: character, index }) => {
    const around = spans.filter(({ start, end }) => start <= index && index < end).map(({ style }) => style);
    return `${character} ${around.toSorted().join()}`;
  });
}
