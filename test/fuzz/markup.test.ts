import {
  discordMessages,
  fromDiscord,
  fromSlack,
  fromTelegram,
  type Markup,
  parseMarkdown,
  slackMessages,
  type Span,
  split,
  type Style,
  telegramMessages,
  type TelegramText,
  tidy,
  toDiscord,
  toMarkdown,
  toSlack,
  toTelegram,
} from "#markup";
import { expect, test } from "bun:test";
import { dice } from "../support/dice.ts";

const bits = [
  ..."abc XYZ 0 9 é 你好 각 \u0301 \u200D \u202E \u2066 \uFE0F \u{1F3FD} 👩‍👩‍👧 🇩🇪 e\u0301 \uD800 \uDC00 \0 \u001B".split(
    " ",
  ),
  ..."** * _ __ ~~ || ` `` ``` > - + # ## 1. 1) [ ] ( ) ! < > & \\ | : = === --- |-| |:-| @ :// www.".split(" "),
  ..."<u> </u> <b> </b> <br> <x> &amp; &lt; &#10; &nbsp; [x](http://e.f/_) <@1> <@U1> <!here> <#2> @everyone ~ \u00A0 word".split(
    " ",
  ),
  ..."http://a.b/c_d www.x.y a@b.co <http://q> ```ts\n \n```\n >\u0020 >>>\u0020".split(" "),
  " ",
  "  ",
  "\n",
  "\n\n",
  "\t",
  "\r\n",
  "\u2028",
  "sentence ends. ",
  "- [x] ",
  "> ",
  "# ",
  "- ",
  "    ",
];

const styles: readonly Style[] = [
  { style: "bold" },
  { style: "italic" },
  { style: "underline" },
  { style: "strike" },
  { style: "spoiler" },
  { style: "code" },
  { style: "quote" },
  { style: "heading", level: 2 },
  { style: "pre" },
  { style: "pre", language: "ts" },
  { style: "link", url: "http://q.r/s?t=1&amp;u=(2)" },
  { style: "link", url: "javascript:alert" },
];

type Dice = ReturnType<typeof dice>;

function randomText(roll: Dice, most: number): string {
  return Array.from({ length: 1 + roll(most) }, () => bits[roll(bits.length)] ?? "").join("");
}

function randomMarkup(roll: Dice): Markup {
  const text = randomText(roll, 16);
  const spans = Array.from({ length: roll(6) }, (): Span => {
    const [a, b] = [roll(text.length), roll(text.length + 1)];
    return { ...(styles[roll(styles.length)] ?? { style: "bold" }), start: Math.min(a, b), end: Math.max(a, b) };
  });
  return { text, spans };
}

const seeds = Array.from({ length: 3_000 }, (_, i) => (i + 1) * 7_919);
const few = seeds.slice(0, 3_000);

/** Says which walk it was. */
function onWalk<T>(seed: number, walk: () => T): T {
  try {
    return walk();
  } catch (error) {
    throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

function checkTidy({ text, spans }: Markup): void {
  const open: Span[] = [];
  let last = 0;
  for (const span of spans) {
    expect(span.start).toBeGreaterThanOrEqual(last);
    last = span.start;
    while ((open.at(-1)?.end ?? Infinity) <= span.start) open.pop();
    expect(span.end).toBeLessThanOrEqual(open.at(-1)?.end ?? text.length);
    const inside = text.slice(span.start, span.end);
    expect(inside.trim()).not.toBe("");
    expect(inside.isWellFormed()).toBe(true);
    open.push(span);
  }
  expect(text.isWellFormed()).toBe(true);
}

test("a tidy markup is sorted, nested, visible, and stays as it is", () => {
  for (const seed of seeds) {
    onWalk(seed, () => {
      const roll = dice(seed);
      for (const markup of [tidy(randomMarkup(roll)), parseMarkdown(randomText(roll, 24))]) {
        checkTidy(markup);
        expect(tidy(markup)).toEqual(markup);
      }
    });
  }
});

test("what is written as markdown is read back as the same text and styles", () => {
  for (const seed of seeds) {
    onWalk(seed, () => {
      const roll = dice(seed);
      for (const markup of [tidy(randomMarkup(roll)), parseMarkdown(randomText(roll, 24))]) {
        expect(parseMarkdown(toMarkdown(markup))).toEqual(markup);
      }
    });
  }
});

/** Mostly words, so that many a text says nothing but itself; each of the others could be the one that does not. */
const hints = [
  ..."+ - # 1. 12) = : -- :-| > ! ( ) ? % 7 C++ well-known 3:4 a:b // :/ c:/d http://a.b HTTPS://A.B www.x.y WwW.Q a@b.co @ada".split(
    " ",
  ),
  ...'\'s "q" “q” … 你好 각 é e\u0301 👋 👩‍👩‍👧 🇩🇪 \uFE0F שלום \u202E \u200F \u200B \uFEFF \uD800 \uDC00 \0 \u001B \u0085'.split(
    " ",
  ),
  ..."&amp; &lt; & < ** * _ ~~ ~ || | ` ^ { } $ ; mailto:x xmpp:y @everyone #tag \u00A0 \u3000 \u2028 \t \v \f \r \r\n \n \\".split(
    " ",
  ),
];

/** In a paragraph of its own below one that has a style, it is read and written the long way. */
function quietText(roll: Dice): string {
  const words = Array.from({ length: 1 + roll(5) }, () => ["word", "Zeit,", "мир", "42", "end."][roll(5)] ?? "");
  for (let i = roll(3); i > 0; i--) words.splice(roll(words.length + 1), 0, hints[roll(hints.length)] ?? "");
  return words.join([" ", "", "  "][roll(3)]);
}

const above = { text: "x", spans: [{ style: "code", start: 0, end: 1 }] } as const satisfies Markup;
const below = (text: string): Markup => ({ ...above, text: `x\n\n${text}` });

test("a text that is plain as it stands is as plain below another", () => {
  let seen = 0;
  for (const seed of seeds) {
    onWalk(seed, () => {
      const text = quietText(dice(seed));
      const isSame = (alone: string, long: string) => {
        if (alone !== text || text.includes("\n")) return;
        seen++;
        expect(long).toBe(`\`x\`\n\n${text}`);
      };
      const isRead = ({ text: alone, spans }: Markup, long: Markup) => {
        if (spans.length > 0 || alone !== text || text.includes("\n")) return;
        seen++;
        // A list follows what is above it without an empty line.
        expect({ ...long, text: long.text.replace(/^x\n+/, "") }).toEqual({ ...above, text });
      };
      const markup = { text, spans: [] };
      isRead(tidy(markup), tidy(below(text)));
      // What markdown is written first is the text itself, so that this is also when it is written so.
      isRead(parseMarkdown(text), parseMarkdown(`\`x\`\n\n${text}`));
      isRead(fromDiscord(text), fromDiscord(`\`x\`\n\n${text}`));
      isRead(fromSlack(text), fromSlack(`\`x\`\n\n${text}`));
      isSame(toDiscord(markup), toDiscord(below(text)));
      isSame(toSlack(markup), toSlack(below(text)));
      expect(toTelegram(markup)).toEqual({ text: tidy(markup).text, entities: [] });
    });
  }
  expect(seen).toBeGreaterThan(seeds.length);
});

const graphemes = new Intl.Segmenter("und", { granularity: "grapheme" });

/** Every piece lies in the text one after another, with only white space between, and no grapheme that fits is parted. */
function checkPieces(text: string, pieces: readonly Markup[], most: number): void {
  const whole = text.replaceAll("\u00A0", " "); // at the start of a line, and so of a piece, they are the same
  const edges = new Set(Array.from(graphemes.segment(whole), ({ index }) => index).concat(whole.length));
  const long = Array.from(graphemes.segment(whole)).filter(({ segment }) => segment.length > most);
  let at = 0;
  for (const { text: piece, spans } of pieces) {
    expect(piece.trim()).not.toBe("");
    const found = whole.indexOf(piece.replaceAll("\u00A0", " "), at);
    expect(found).toBeGreaterThanOrEqual(at);
    expect(whole.slice(at, found).trim()).toBe("");
    for (const place of [found, found + piece.length]) {
      const isInLong = long.some(({ index, segment }) => index < place && place < index + segment.length);
      // A heading has no indentation, not even where a mark leans on it.
      const isAfterIndent = spans.some(({ style }) => style === "heading") && whole[place - 1] === " ";
      expect(edges.has(place) || isInLong || isAfterIndent).toBe(true);
    }
    expect(piece.isWellFormed()).toBe(true);
    at = found + piece.length;
  }
  expect(whole.slice(at).trim()).toBe("");
}

test("pieces fit, part no grapheme, are styled as the whole is, and lose nothing but white space at the cuts", () => {
  for (const seed of seeds) {
    onWalk(seed, () => {
      const roll = dice(seed);
      const whole = parseMarkdown(randomText(roll, 80));
      const most = 12 + roll(60);
      const pieces = split(whole, { most });
      for (const piece of pieces) {
        expect(piece.text.length).toBeLessThanOrEqual(most);
        checkTidy(piece);
      }
      checkPieces(whole.text, pieces, most);
      checkStyles(whole, pieces);
    });
  }
});

/** Each visible character has the styles in its piece that it has in the whole. */
function checkStyles(whole: Markup, pieces: readonly Markup[]): void {
  expect(pieces.flatMap(lookOfEach)).toEqual(lookOfEach(whole));
}

function lookOfEach({ text, spans }: Markup): string[] {
  return Array.from(text.matchAll(/\S/gu), ({ 0: character, index }) => {
    const around = spans.filter(({ start, end }) => start <= index && index < end).map(({ style }) => style);
    return `${character} ${around.toSorted().join()}`;
  });
}

test("a signed piece fits whatever the signs", () => {
  for (const seed of few) {
    onWalk(seed, () => {
      const roll = dice(seed);
      const whole = parseMarkdown(randomText(roll, 60));
      const most = 60 + roll(100);
      for (const { content } of discordMessages(whole, { most })) expect(content.length).toBeLessThanOrEqual(most);
      for (const message of slackMessages(whole, { most })) expect(message.length).toBeLessThanOrEqual(most);
      for (const message of telegramMessages(whole, { most })) expect(message.text.length).toBeLessThanOrEqual(most);
      const bytes = split(whole, { most, measure: "bytes" });
      for (const { text } of bytes) expect(Buffer.byteLength(text)).toBeLessThanOrEqual(most);
    });
  }
});

test("fences are balanced in every message, and no message calls anybody", () => {
  for (const seed of seeds) {
    onWalk(seed, () => {
      const whole = parseMarkdown(randomText(dice(seed), 60));
      for (const { content, allowed_mentions: allowed } of discordMessages(whole, { most: 120 })) {
        expect(fencesIn(content) % 2).toBe(0);
        expect(allowed).toEqual({ parse: [], users: [], replied_user: false });
        expect(outsideCode(content)).not.toMatch(/@everyone|@here|<[@#]/);
      }
      for (const message of slackMessages(whole, { most: 200 })) {
        expect(fencesIn(message) % 2).toBe(0);
        expect(message).not.toMatch(/<[@#]|<!(?!date\^00000000\^)/);
      }
    });
  }
});

function fencesIn(written: string): number {
  return written.split("\n").filter((line) => /^(?:> )?```[\w+#.-]*$/.test(line)).length;
}

function outsideCode(written: string): string {
  return written.replaceAll(/^(?:> )?```[^]*?\n(?:> )?```$/gm, "").replaceAll(/\\[^]|(`+)(?!`)(?:.*?[^`])\1(?!`)/g, "");
}

test("a text that Discord or Slack would read signs in is read back as the text it is", () => {
  for (const seed of seeds) {
    onWalk(seed, () => {
      // White space at the edges of lines, and signs for addresses, mean the same to no two platforms.
      const { text } = tidy({ text: randomText(dice(seed), 16).replaceAll(/:\/\/|\u200B/g, ""), spans: [] });
      expect(fromDiscord(toDiscord({ text, spans: [] }))).toEqual({ text, spans: [] });
      expect(fromSlack(toSlack({ text, spans: [] }))).toEqual({ text, spans: [] });
    });
  }
});

test("what Telegram is told keeps its rules, and is read back as it was told", () => {
  for (const seed of seeds) {
    onWalk(seed, () => {
      const told = toTelegram(randomMarkup(dice(seed)));
      for (const a of told.entities) {
        expect(a.length).toBeGreaterThan(0);
        for (const b of told.entities) {
          if (a === b) continue;
          const meet = a.offset < b.offset + b.length && b.offset < a.offset + a.length;
          const holds = a.offset <= b.offset && b.offset + b.length <= a.offset + a.length;
          const isHeld = b.offset <= a.offset && a.offset + a.length <= b.offset + b.length;
          expect(!meet || holds || isHeld).toBe(true);
          if (meet && /^(?:code|pre)$/.test(a.type)) expect(b.type).toBe("blockquote");
          if (meet && a.type === b.type) throw new Error(`two of ${a.type}`);
        }
      }
      const again = toTelegram(fromTelegram(told));
      expect(again.text).toBe(told.text);
      expect(lookOf(again)).toEqual(lookOf(told));
    });
  }
});

/** What is at each place: two entities that touch look like one. */
function lookOf({ text, entities }: TelegramText): string[] {
  return Array.from({ length: text.length }, (_, at) =>
    entities
      .filter(({ offset, length }) => offset <= at && at < offset + length)
      .map(({ type, url, language }) => [type, url, language].join(" "))
      .toSorted()
      .join(),
  );
}
