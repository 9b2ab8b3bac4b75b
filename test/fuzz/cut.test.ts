import { channels, type TextLimit } from "#channels";
import { type Markup, parseMarkdown, toDiscord, toSlack, toTelegram } from "#markup";
import { expect, test } from "bun:test";
import { cut } from "../../src/gateway/outbound/cut.ts";
import { dice } from "../support/dice.ts";

const bits =
  "word a_b *it* **bold words** ~~x~~ ||s|| `co_de` _ * ~ & < > @everyone <@1> [a_b](http://x.y/z_z) 👩‍👩‍👧 é 你好 | \\ ".split(
    " ",
  );
const joints = [" ", " ", " ", "\n", "\n\n", "\n\n- ", "\n\n1. ", "\n\n# ", "\n\n> ", ". "];
const blocks = ["\n\n```ts\nlet a = b_c;\n```\n\n", "\n\n|a|b|\n|-|-|\n|c_d|e|\n\n", "\n\n```\n& < > *\n```\n\n"];

const platforms = [
  { id: "telegram", written: (markup: Markup) => toTelegram(markup).text },
  { id: "discord", written: toDiscord },
  { id: "slack", written: toSlack },
] as const;

test.each([...platforms])(
  "what $id is given of random markdown fits, is no shorter than it need be, and is all of it",
  async ({ id, written }) => {
    const usual = channels.find((channel) => channel.id === id)?.text;
    if (!usual) throw new Error(`no channel ${id}`);
    let cuts = 0;
    for (let seed = 1; seed <= 120; seed++) {
      const roll = dice(seed * 7_919);
      const pick = (from: readonly string[]) => from[roll(from.length)] ?? "";
      const text = Array.from({ length: 5 + roll(60) }, () => pick(bits) + pick(roll(12) === 0 ? blocks : joints)).join(
        "",
      );
      const limit: TextLimit = { ...usual, most: 120 + roll(200) };
      const pieces = await cut(text, limit);
      cuts += pieces.length - 1;
      const sizes = pieces.map((piece) => written(parseMarkdown(piece)).length);
      expect({ seed, most: Math.max(...sizes) <= limit.most }).toEqual({ seed, most: true });
      const [whole, ...cutUp] = [text, ...pieces].map(looks);
      expect({ seed, looks: cutUp.flat() }).toEqual({ seed, looks: whole ?? [] });
      // A better place to cut may cost up to two thirds of a piece, not more.
      const short = sizes.filter((size, i) => i > 0 && size + (sizes[i - 1] ?? 0) < limit.most / 3);
      expect({ seed, short }).toEqual({ seed, short: [] });
    }
    expect(cuts).toBeGreaterThan(50);
  },
);

test("a text that is longer as markdown than as the platform counts it is not cut", async () => {
  const text = Array.from({ length: 60 }, (_, i) => `[w${i}](http://a.example/some/long/path/${i})`).join(" ");
  const telegram = channels.find(({ id }) => id === "telegram");
  expect(text.length).toBeGreaterThan(2_000);
  expect(await cut(text, { ...(telegram?.text ?? { unit: "utf16" }), most: 300 })).toEqual([text]);
});

test("a text that grows when it is written is cut before it is refused", async () => {
  const text = "a & b ".repeat(700).trim();
  const slack = channels.find(({ id }) => id === "slack");
  const pieces = await cut(text, slack?.text ?? { most: 4_000, unit: "utf16" });
  expect(pieces.length).toBe(2);
  for (const piece of pieces) expect(toSlack(parseMarkdown(piece)).length).toBeLessThanOrEqual(4_000);
});

/** Each visible character with its styles; the blocks around it may be cut, its text may not. */
function looks(markdown: string): string[] {
  const { text, spans } = parseMarkdown(markdown);
  return Array.from(text.matchAll(/\S/gu), ({ 0: character, index }) => {
    const around = spans.filter(({ start, end }) => start <= index && index < end).map(({ style }) => style);
    return `${character} ${around.toSorted().join()}`;
  });
}
