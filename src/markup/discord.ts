import {
  type ChatDialect,
  type NameOf,
  putAddress,
  putMention,
  putStyled,
  readChat,
  type Sign,
} from "./chat-reader.ts";
import { type Draft } from "./draft.ts";
import { isToggle, type Markup, type Span, type Toggle } from "./markup.ts";
import { isPlainLine } from "./plain-line.ts";
import { split } from "./split.ts";
import { tidy } from "./tidy.ts";
import { codeIn, type Hand, type Line, linesOf, weave } from "./weave.ts";

const mostText = 2_000;

export interface DiscordText {
  readonly content: string;
  /** Only who is named here is told, whatever the text says. */
  readonly allowed_mentions: {
    readonly parse: readonly [];
    readonly users: readonly string[];
    readonly replied_user: boolean;
  };
}

export function toDiscord(markup: Markup): string {
  return write(tidy(markup));
}

/** The messages that it takes to send it. Nobody is told of one but the users that a mention names: no role, not everyone. */
export function discordMessages(
  markup: Markup,
  { most = mostText, lines }: { readonly most?: number; readonly lines?: number } = {},
): readonly DiscordText[] {
  const limits = { most, measure: discordSize, ...(lines === undefined ? {} : { lines }) };
  return split(markup, limits).map((piece) => ({
    content: toDiscord(piece),
    allowed_mentions: { parse: [], users: [...new Set(usersIn(piece))].slice(0, 100), replied_user: false },
  }));
}

export function discordSize(piece: Markup): number {
  return write(piece).length;
}

function usersIn({ spans }: Markup): string[] {
  return spans.flatMap((span) => (span.style === "mention" && span.of === "user" && isId(span.id) ? [span.id] : []));
}

function isId(text: string): boolean {
  return /^\d{1,20}$/.test(text);
}

function write(markup: Markup): string {
  if (markup.spans.length === 0 && isPlainLine(markup.text)) return markup.text;
  const lines = linesOf(markup);
  return lines.map((line, i) => writeLine(line, lines[i - 1], lines[i + 1])).join("\n");
}

function writeLine(line: Line, last: Line | undefined, next: Line | undefined): string {
  const quote = line.quotes.length > 0 ? "> " : "";
  const { block } = line;
  if (block?.style === "pre") {
    const opening = last?.block === block ? "" : `${quote}\`\`\`${block.language ?? ""}\n`;
    const closing = next?.block === block ? "" : `\n${quote}\`\`\``;
    return opening + quote + line.text.replaceAll("```", "`\u200B``") + closing;
  }
  if (block?.style !== "heading") return quote + weave(line, hand);
  if (block.level <= 3) return `${quote}${"#".repeat(Math.max(1, block.level))} ${weave(line, hand)}`;
  const spans = line.spans.filter(({ style }) => style !== "bold");
  return `${quote}**${weave({ text: line.text, spans }, hand)}**`;
}

const hand: Hand = { plain: escape, around };

const pairs: Readonly<Record<Toggle, readonly [string, string]>> = {
  bold: ["**", "**"],
  italic: ["*", "*"],
  underline: ["__", "__"],
  strike: ["~~", "~~"],
  spoiler: ["||", "||"],
};

function around(span: Span, inside: string, written: string): readonly [string, string] | string {
  if (isToggle(span)) {
    const isBesideStar = written.endsWith("*") && !written.endsWith(String.raw`\*`);
    return span.style === "italic" && isBesideStar ? ["_", "_"] : pairs[span.style];
  }
  // Three in a row begin a block, wherever they are.
  if (span.style === "code") return codeIn(inside.replaceAll(/`(?=`)/g, "`\u200B"));
  if (span.style === "link") return link(span.url, inside);
  return span.style === "mention" ? mention(span, inside, written) : ["", ""];
}

function mention(span: Extract<Span, { style: "mention" }>, inside: string, written: string): string {
  if (!isId(span.id) || span.of === "role") return escape(inside, written);
  return span.of === "user" ? `<@${span.id}>` : `<#${span.id}>`;
}

/** Only addresses of the web can hide behind a text, and a text that is an address itself may not hide another. */
function link(url: string, inside: string): readonly [string, string] | string {
  const encoded = url.replaceAll(/[<>()\\@`*|~]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
  if (inside === url && /^https?:/i.test(url)) return encoded === url && /[\w/=&%#-]$/.test(url) ? url : `<${encoded}>`;
  if (url === `mailto:${inside}` || inside === url) return ["", ""];
  if (!/^https?:/i.test(url)) return ["", ` (${escape(url, "(")})`];
  return /:\/\//.test(inside) ? ["", ` (<${encoded}>)`] : ["[", `](<${encoded}>)`];
}

/** Nothing in the text is read as a sign, and nobody is called by it. */
function escape(text: string, written: string): string {
  const escaped = text.replaceAll(/[\\*_~|`<[\]]/g, String.raw`\$&`).replaceAll(/@(?=everyone|here)/gi, "@\u200B");
  return written === "" ? escaped.replace(/^(\s*)([#>+-])/, String.raw`$1\$2`) : escaped;
}

const signs: ReadonlyMap<string, Sign> = new Map<string, Sign>([
  ["**", { style: { style: "bold" }, isWholeWords: false }],
  ["*", { style: { style: "italic" }, isWholeWords: false }],
  ["_", { style: { style: "italic" }, isWholeWords: true }],
  ["__", { style: { style: "underline" }, isWholeWords: false }],
  ["~~", { style: { style: "strike" }, isWholeWords: false }],
  ["||", { style: { style: "spoiler" }, isWholeWords: false }],
]);

const tokens = new RegExp(
  [
    String.raw`\\(?<escaped>[^\p{L}\p{N}\s])`,
    "(?<!`)(?<fence>``?)(?!`)(?<code>.*?[^`])\\k<fence>(?!`)",
    String.raw`\[(?<label>[^[\]]{1,500})\]\(<?(?<target>https?:\/\/[^\s()<>]{1,2000})>?\)`,
    String.raw`<@!?(?<user>\d{1,20})>`,
    String.raw`<@&(?<role>\d{1,20})>`,
    String.raw`<#(?<channel>\d{1,20})>`,
    String.raw`<a?:(?<emoji>\w{1,64}):\d{1,20}>`,
    String.raw`<\/(?<command>[^:<>]{1,100}):\d{1,20}>`,
    String.raw`<(?<shown>https?:\/\/[^\s<>]{1,2000})>`,
    String.raw`(?<address>https?:\/\/[^\s<>]{1,2000})`,
    String.raw`@(?<calm>\u200B)(?=everyone|here)`,
    String.raw`\*{1,3}|_{1,3}|~~|\|\|`,
  ].join("|"),
  "giu",
);

/** What a person wrote. */
export function fromDiscord(text: string, nameOf: NameOf = () => undefined): Markup {
  const dialect: ChatDialect = {
    tokens,
    signs,
    quote: /^> /,
    quoteAll: /^>>> /,
    heading: /^(#{1,3}) (?=\S)/,
    hasLanguages: true,
    read: (draft, token) => read(draft, token, nameOf),
    readText: (plain) => plain,
  };
  return readChat(text, dialect);
}

function read(draft: Draft, { 0: token, groups = {} }: RegExpExecArray, nameOf: NameOf): void {
  for (const of of ["user", "role", "channel"] as const) {
    const id = groups[of];
    if (id !== undefined) return putMention(draft, { of, id }, nameOf(of, id));
  }
  const { code, label, target, shown, address } = groups;
  if (code !== undefined) return putStyled(draft, code.trim(), { style: "code" });
  if (target !== undefined) return putStyled(draft, unescaped(label ?? target), { style: "link", url: target });
  if (shown !== undefined) return putStyled(draft, shown, { style: "link", url: shown });
  if (address !== undefined) return putAddress(draft, address);
  draft.put(textOf(groups) ?? token);
}

function textOf({ escaped, emoji, command, calm }: Readonly<Record<string, string | undefined>>): string | undefined {
  if (emoji !== undefined) return `:${emoji}:`;
  if (command !== undefined) return `/${command}`;
  return calm === undefined ? escaped : "@";
}

function unescaped(label: string): string {
  return label.replaceAll(/\\(?=[^\p{L}\p{N}\s])/gu, "");
}
