import {
  discordMessages,
  fromDiscord,
  fromSlack,
  fromTelegram,
  parseMarkdown,
  plain,
  slackMessages,
  telegramMessages,
  toDiscord,
  toSlack,
  toTelegram,
} from "#markup";
import { describe, expect, test } from "bun:test";
import { stylesIn } from "../../support/markup-pieces.ts";

const entities = (markdown: string) => {
  const { text, entities: found } = toTelegram(parseMarkdown(markdown));
  return found.map(({ type, offset, length }) => `${type}(${text.slice(offset, offset + length)})`);
};

describe("Telegram", () => {
  test.each([
    ["places are UTF-16 units", "😀 **b** _i_", ["bold(b)", "italic(i)"]],
    ["no style lies around code", "**a `b` c**", ["bold(a)", "code(b)", "bold(c)"]],
    ["no code lies in a link", "[a `b`](http://c.d)", ["text_link(a b)"]],
    ["quotes do not nest", "> a\n> > b", ["blockquote(a\nb)"]],
    ["a heading is bold, once", "# a **b** `c`", ["bold(a b)", "code(c)"]],
  ])("%s", (_what, markdown, expected) => {
    expect(entities(markdown)).toEqual(expected);
  });

  test("what entities carry is there", () => {
    expect(toTelegram(parseMarkdown("[a](http://b.c)\n```ts\nx\n```")).entities).toEqual([
      { type: "text_link", offset: 0, length: 1, url: "http://b.c" },
      { type: "pre", offset: 2, length: 1, language: "ts" },
    ]);
  });

  test("a message has at most 100 entities and as many characters as it may", () => {
    const crowded = telegramMessages(parseMarkdown("**a** ".repeat(150)));
    expect(crowded.map((message) => message.entities.length)).toEqual([100, 50]);
    expect(
      telegramMessages(plain("word ".repeat(500)), { most: 1_024 }).every(({ text }) => text.length <= 1_024),
    ).toBe(true);
  });

  test("what a person wrote is read", () => {
    const text = "hi @ada x.y code";
    const markup = fromTelegram({
      text,
      entities: [
        { type: "bold", offset: 0, length: text.length },
        { type: "mention", offset: 3, length: 4 },
        { type: "url", offset: 8, length: 3 },
        { type: "pre", offset: 12, length: 4, language: "ts" },
        { type: "hashtag", offset: 0, length: 2 },
        { type: "bold", offset: 90, length: 9 },
      ],
    });
    expect(stylesIn(markup)).toEqual([
      "bold(hi @ada x.y)",
      "user @ada (@ada)",
      "link http://x.y (x.y)",
      "pre ts (code)",
    ]);
  });
});

function nameOf(of: string, id: string): string | undefined {
  return of === "user" && id === "1" ? "ada" : undefined;
}

describe("Discord", () => {
  test.each([
    [
      "signs in a text are escaped",
      plain("*a* _b_ ||c|| `d` [e](f) ~~g~~"),
      "\\*a\\* \\_b\\_ \\|\\|c\\|\\| \\`d\\` \\[e\\](f) \\~\\~g\\~\\~",
    ],
    ["signs at the start of a line too", plain("# a\n> b\n- c\n-# d"), "\\# a\n\\> b\n\\- c\n\\-# d"],
    [
      "nobody is called by a text",
      plain("@everyone @here <@1> <@&2> <#3>"),
      "@\u200Beveryone @\u200Bhere \\<@1> \\<@&2> \\<#3>",
    ],
    ["a bare address is not escaped", parseMarkdown("https://a.b/c_d_e"), "https://a.b/c_d_e"],
    ["an address that calls everyone does not", parseMarkdown("<https://a.b/@everyone>"), "<https://a.b/%40everyone>"],
    [
      "an address cannot hide behind another",
      parseMarkdown("[https://good.com](https://evil.com)"),
      "https://good.com (<https://evil.com>)",
    ],
    ["code cannot end its fence", parseMarkdown("````\n```\n@x\n````"), "```\n`\u200B``\n@x\n```"],
    ["a quote is one level", parseMarkdown("> a\n> > b"), "> a\n> b"],
    ["a deep heading is bold", parseMarkdown("#### a **b**"), "**a b**"],
    ["italic in bold", parseMarkdown("***a** b*"), "***a** b*"],
  ])("%s", (_what, markup, written) => {
    expect(toDiscord(markup)).toBe(written);
  });

  test("only the users of mentions are told, and no text makes a mention", () => {
    const [message] = discordMessages({
      text: "@ada @mods @everyone <@9>",
      spans: [
        { style: "mention", of: "user", id: "1", start: 0, end: 4 },
        { style: "mention", of: "role", id: "2", start: 5, end: 10 },
      ],
    });
    expect(message).toEqual({
      content: "<@1> @mods @\u200Beveryone \\<@9>",
      allowed_mentions: { parse: [], users: ["1"], replied_user: false },
    });
  });

  test("what a person wrote is read", () => {
    const text =
      "***a*** __u__ snake_case ||x|| ``c`d`` <@1> <@&3> <#4> <:e:5> \\*no\\*\n> q\n> r\n# H\n```js\nx\n```\n>>> s\nt";
    const markup = fromDiscord(text, nameOf);
    expect(markup.text).toBe("a u snake_case x c`d @ada @3 #4 :e: *no*\nq\nr\nH\nx\ns\nt");
    expect(stylesIn(markup)).toEqual([
      "bold(a)",
      "italic(a)",
      "underline(u)",
      "spoiler(x)",
      "code(c`d)",
      "user 1 (@ada)",
      "role 3 (@3)",
      "channel 4 (#4)",
      "quote(q\nr)",
      "heading 1 (H)",
      "pre js (x)",
      "quote(s\nt)",
    ]);
  });
});

describe("Slack", () => {
  test.each([
    [
      "the three signs of its own are escaped",
      plain("a & b <!channel> <@U1>"),
      "a &amp; b &lt;!channel&gt; &lt;@U1&gt;",
    ],
    ["signs in a text are shown as they are", plain("*a*"), "<!date^00000000^{_}|*>a<!date^00000000^{_}|*>"],
    ["signs within words are none", plain("snake_case"), "snake_case"],
    ["a sign within a word is set apart", parseMarkdown("un**do**ing"), "un\u200B*do*\u200Bing"],
    ["a text is not a quote", plain("> a"), "\u200B&gt; a"],
    ["a heading is bold, once", parseMarkdown("# a **b**"), "*a b*"],
    ["a link", parseMarkdown("[a > b](http://c.d/?e=1&f=|)"), "<http://c.d/?e=1&amp;f=%7C|a &gt; b>"],
    ["code", parseMarkdown("```\n<a> *b*\n```"), "```\n&lt;a&gt; *b*\n```"],
    [
      "a mention",
      { text: "@ada", spans: [{ style: "mention" as const, of: "user" as const, id: "U1", start: 0, end: 4 }] },
      "<@U1>",
    ],
    [
      "a mention that is none",
      { text: "@ada", spans: [{ style: "mention" as const, of: "user" as const, id: "!here", start: 0, end: 4 }] },
      "@ada",
    ],
  ])("%s", (_what, markup, written) => {
    expect(toSlack(markup)).toBe(written);
  });

  test("signs count towards the limit", () => {
    const messages = slackMessages(plain("& ".repeat(3_000)));
    expect(messages.length).toBeGreaterThan(4);
    expect(messages.every((message) => message.length <= 4_000)).toBe(true);
  });

  test("what a person wrote is read", () => {
    const text = "*b* 2*3*4 `c &lt;` <@U1|bob> <#C1|gen> <!here> <http://a.b|t &amp; u>\n&gt; q *x*\n```*n* &amp;```";
    const markup = fromSlack(text);
    expect(markup.text).toBe("b 2*3*4 c < @bob #gen @here t & u\nq x\n*n* &");
    expect(stylesIn(markup)).toEqual([
      "bold(b)",
      "code(c <)",
      "user U1 (@bob)",
      "channel C1 (#gen)",
      "link http://a.b (t & u)",
      "quote(q x)",
      "bold(x)",
      "pre(*n* &)",
    ]);
  });
});
