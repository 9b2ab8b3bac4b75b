import {
  type ChatDialect,
  isWordSign,
  type NameOf,
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
import { type Hand, type Line, linesOf, weave } from "./weave.ts";

/** What the platform advises; it cuts at 40,000. */
const mostText = 4_000;

/** As Slack's mrkdwn, which knows no underline, no spoiler and no heading: a heading is bold. */
export function toSlack(markup: Markup): string {
  return write(tidy(markup));
}

/** The messages that it takes to send it. */
export function slackMessages(markup: Markup, { most = mostText }: { readonly most?: number } = {}): readonly string[] {
  return split(markup, { most, measure: slackSize }).map(toSlack);
}

export function slackSize(piece: Markup): number {
  return write(piece).length;
}

function write(markup: Markup): string {
  if (markup.spans.length === 0 && isPlainLine(markup.text)) return markup.text;
  const lines = linesOf(markup);
  return lines.map((line, i) => writeLine(line, lines[i - 1], lines[i + 1])).join("\n");
}

function writeLine(line: Line, last: Line | undefined, next: Line | undefined): string {
  const { block } = line;
  if (block?.style === "pre") {
    const opening = last?.block === block ? "" : "```\n";
    const closing = next?.block === block ? "" : "\n```";
    return opening + escapeEntities(line.text.replaceAll("```", "`\u200B``")) + closing;
  }
  const isHeading = block?.style === "heading";
  const spans = isHeading ? line.spans.filter(({ style }) => style !== "bold") : line.spans;
  const content = weave({ text: line.text, spans }, hand);
  return (line.quotes.length > 0 ? "> " : "") + (isHeading ? `*${content}*` : content);
}

const hand: Hand = { plain: escape, around };

const pairs: Readonly<Record<Toggle, string>> = { bold: "*", italic: "_", strike: "~", underline: "", spoiler: "" };

function around(span: Span, inside: string, written: string): readonly [string, string] | string {
  if (isToggle(span)) {
    const sign = pairs[span.style];
    return sign === "" ? ["", ""] : [apart(written) + sign, sign];
  }
  if (span.style === "code") {
    return inside.includes("`") ? escape(inside, written) : `${apart(written)}\`${escapeEntities(inside)}\``;
  }
  if (span.style === "link") return [`<${escapeEntities(span.url.replaceAll("|", "%7C"))}|`, ">"];
  return span.style === "mention" ? mention(span, inside, written) : ["", ""];
}

function mention(span: Extract<Span, { style: "mention" }>, inside: string, written: string): string {
  if (!/^[A-Z\d]{1,30}$/.test(span.id) || span.of === "role") return escape(inside, written);
  return span.of === "user" ? `<@${span.id}>` : `<#${span.id}>`;
}

/** A sign counts only beside something that is no word; this is such a thing and takes no room. */
const nothing = "\u200B";

function apart(written: string): string {
  return isWordSign(written.slice(-1)) ? nothing : "";
}

function escapeEntities(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/**
 * There is no escape for the signs. A date that is none is shown as the text given for that case, and that text is not
 * read for signs; it is long, so it is used only where the sign could be taken for one.
 */
function escape(text: string, written: string, hasClosed = false): string {
  const start = written === "" ? text.replace(/^\s*(?=>)/, `$&${nothing}`) : text;
  const after = hasClosed && /[*_~`]$/.test(written) && isWordSign(start.charAt(0)) ? nothing : "";
  const escaped = escapeEntities(start).replaceAll(/[*_~`]/g, (sign, place: number, whole: string) => {
    const [left, right] = [whole.charAt(place - 1) || written.slice(-1), whole.charAt(place + 1)];
    const isInWord = isWordSign(left) && isWordSign(right);
    return sign !== "`" && isInWord ? sign : `<!date^00000000^{_}|${sign}>`;
  });
  return after + escaped;
}

const readable: ReadonlyMap<string, Sign> = new Map<string, Sign>([
  ["*", { style: { style: "bold" }, isWholeWords: true }],
  ["_", { style: { style: "italic" }, isWholeWords: true }],
  ["~", { style: { style: "strike" }, isWholeWords: true }],
]);

const tokens = new RegExp(
  [
    "(?<!`)`(?!`)(?<code>[^`]+)`(?!`)",
    String.raw`<@(?<user>[A-Z\d]{1,30})(?:\|(?<userName>[^<>]{0,200}))?>`,
    String.raw`<#(?<channel>[A-Z\d]{1,30})(?:\|(?<channelName>[^<>]{0,200}))?>`,
    String.raw`<!subteam\^(?<role>[A-Z\d]{1,30})(?:\|@?(?<roleName>[^<>]{0,200}))?>`,
    String.raw`<!(?<special>[^|<>]{1,300})(?:\|(?<fallback>[^<>]{0,300}))?>`,
    String.raw`<(?<url>[a-z][a-z\d+.-]{1,20}:[^|<>\s]{1,3000})(?:\|(?<label>[^<>]{0,3000}))?>`,
    "(?<nothing>\u200B)",
    "[*_~]",
  ].join("|"),
  "gu",
);

/** What a person wrote, as Slack hands it over. */
export function fromSlack(text: string, nameOf: NameOf = () => undefined): Markup {
  const dialect: ChatDialect = {
    tokens,
    signs: readable,
    quote: /^(?:&gt;|>) ?/,
    quoteAll: /^(?:&gt;|>){3} ?/,
    heading: undefined,
    hasLanguages: false,
    read: (draft, token) => read(draft, token, nameOf),
    readText: readEntities,
  };
  return readChat(text, dialect);
}

function readEntities(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

function read(draft: Draft, { groups = {} }: RegExpExecArray, nameOf: NameOf): void {
  const { code, special, fallback, url, label } = groups;
  for (const of of ["user", "role", "channel"] as const) {
    const id = groups[of];
    const name = groups[`${of}Name`];
    if (id !== undefined) return putMention(draft, { of, id }, nameOf(of, id) ?? (name === "" ? undefined : name));
  }
  if (code !== undefined) return putStyled(draft, readEntities(code), { style: "code" });
  if (url !== undefined) {
    const whole = readEntities(url);
    return putStyled(draft, readEntities(label ?? "") || whole.replace(/^mailto:/, ""), { style: "link", url: whole });
  }
  if (special !== undefined) draft.put(readEntities(fallback ?? `@${special.split("^", 1).join()}`));
}
