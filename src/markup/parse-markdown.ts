import { Draft, type Mark, type OpenMarks } from "./draft.ts";
import { languageOf } from "./language.ts";
import {
  type MarkdownElement,
  type MarkdownKind,
  type MarkdownNode,
  type MarkdownTree,
  readTree,
  textOf,
} from "./markdown-tree.ts";
import { type Markup, plain, type Style } from "./markup.ts";
import { isPlainLine } from "./plain-line.ts";
import { safeUrl } from "./safe-url.ts";
import { drawTable } from "./table.ts";

/** Elements within elements beyond this are only their text. */
const deepest = 48;
const deepestIndent = 6;

/**
 * What a model writes: CommonMark and GFM, finished or not. Lists and rules become characters, tables code, images links;
 * HTML stays text, but for the few tags that markdown has no sign for. `||text||` is a spoiler.
 */
export function parseMarkdown(text: string): Markup {
  if (isPlainLine(text)) return plain(text);
  const tree = readTree(text);
  const draft = new Draft();
  new Reader(tree, draft).blocks(tree.root, 0);
  return draft.finish();
}

const inlineStyles = new Map<MarkdownKind, Style>([
  ["strong", { style: "bold" }],
  ["emphasis", { style: "italic" }],
  ["strikethrough", { style: "strike" }],
]);

const blockKinds: ReadonlySet<MarkdownKind> = new Set<MarkdownKind>([
  "blockquote",
  "code",
  "heading",
  "hr",
  "list",
  "listItem",
  "paragraph",
  "table",
]);

class Reader {
  readonly #tree: MarkdownTree;
  readonly #draft: Draft;

  constructor(tree: MarkdownTree, draft: Draft) {
    this.#tree = tree;
    this.#draft = draft;
  }

  /** Blocks one below the other; what is not in a block, as in the items of a tight list, is one line after another. */
  blocks(nodes: readonly MarkdownNode[], depth: number): void {
    const isLoose = nodes.some((node) => this.#isLoose(node));
    let open: OpenMarks = [];
    let last: MarkdownKind | "text" | undefined;
    for (const node of nodes) {
      const kind = typeof node !== "string" && blockKinds.has(node.kind) ? node.kind : "text";
      if (last !== undefined && (last !== "text" || kind !== "text")) {
        open = [];
        this.#draft.gap(isClose(last, kind) && !isLoose ? 1 : 2);
      }
      last = kind;
      if (typeof node === "string" || kind === "text") this.#inline(node, open, depth);
      else this.#block(node, depth);
    }
  }

  /** An item whose text stands in paragraphs. */
  #isLoose(node: MarkdownNode): boolean {
    if (typeof node === "string" || node.kind !== "listItem") return false;
    return this.#tree.childrenOf(node).some((child) => typeof child !== "string" && child.kind === "paragraph");
  }

  #block(node: MarkdownElement, depth: number): void {
    const from = this.#draft.begin();
    const { details } = node;
    if (depth > deepest) this.#draft.put(textOf(this.#tree, node));
    else if (node.kind === "hr") this.#draft.put("———");
    else if (node.kind === "table") this.#draft.put(drawTable(this.#tree, node));
    else if (node.kind === "code") this.#draft.put(textOf(this.#tree, node).replace(/\n$/, ""));
    else if (node.kind === "heading") this.#inlines(this.#headingOf(node), depth + 1);
    else {
      if (node.kind === "listItem") this.#draft.put(bulletOf(details));
      this.blocks(this.#tree.childrenOf(node), depth + 1);
    }
    const style = blockStyleOf(node);
    if (style) this.#draft.wrap(from, style);
  }

  /** A heading is one line. */
  #headingOf(node: MarkdownElement): MarkdownNode[] {
    return this.#tree.childrenOf(node).map((child) => (child === "\n" ? " " : child));
  }

  #inlines(nodes: readonly MarkdownNode[], depth: number): void {
    const open: OpenMarks = [];
    for (const node of nodes) this.#inline(node, open, depth);
  }

  #inline(node: MarkdownNode, open: OpenMarks, depth: number): void {
    if (typeof node === "string") return this.#leaf(node, open);
    const from = this.#draft.begin();
    if (node.kind === "codespan") {
      this.#draft.put(textOf(this.#tree, node).replaceAll("\n", " "));
      return this.#draft.wrap(from, { style: "code" });
    }
    if (depth > deepest) return this.#draft.put(textOf(this.#tree, node));
    this.#inlines(this.#tree.childrenOf(node), depth + 1);
    const style = inlineStyles.get(node.kind);
    if (style) this.#draft.wrap(from, style);
    else if (node.kind === "link" || node.kind === "image") this.#link(node, from);
  }

  #link(node: MarkdownElement, from: number): void {
    const text = textOf(this.#tree, node);
    const written = node.details.href ?? node.details.src ?? "";
    const url = written === text ? complete(written) : decode(written);
    if (text.trim() === "") this.#draft.put(url);
    if (safeUrl(url) !== undefined) this.#draft.wrap(from, { style: "link", url });
    else if (text.trim() !== "" && url !== text && url !== "") this.#draft.put(` (${url})`);
  }

  #leaf(text: string, open: OpenMarks): void {
    const mark = tagMark(text);
    if (mark) return this.#draft.mark(mark, open);
    if (/^<br\s*\/?>$/i.test(text)) return this.#draft.put("\n");
    if (!text.includes("||")) return this.#draft.put(text);
    let at = 0;
    for (const { 0: sign, index } of text.matchAll(/(?<!\|)\|\|(?!\|)/g)) {
      this.#draft.put(text.slice(at, index));
      at = index + sign.length;
      const [before, after] = [text[index - 1] ?? "x", text[at] ?? "x"];
      const mayOpen = after.trim() !== "";
      this.#draft.mark({ key: sign, sign, style: { style: "spoiler" }, mayOpen, mayClose: before.trim() !== "" }, open);
    }
    this.#draft.put(text.slice(at));
  }
}

/** A list follows what introduces it without an empty line. */
function isClose(last: MarkdownKind | "text", kind: MarkdownKind | "text"): boolean {
  return kind === "listItem" || (kind === "list" && (last === "text" || last === "paragraph"));
}

const tags: Readonly<Record<string, Style>> = {
  b: { style: "bold" },
  strong: { style: "bold" },
  i: { style: "italic" },
  em: { style: "italic" },
  u: { style: "underline" },
  ins: { style: "underline" },
  s: { style: "strike" },
  del: { style: "strike" },
  "tg-spoiler": { style: "spoiler" },
};

/** The parser hands a tag over as a leaf of its own; the same characters escaped come in several. */
function tagMark(leaf: string): Mark | undefined {
  const [, slash, name = ""] = /^<(\/?)([a-z-]+)>$/i.exec(leaf) ?? [];
  const key = name.toLowerCase();
  const style = Object.hasOwn(tags, key) ? tags[key] : undefined;
  return style && { key, style, sign: leaf, mayOpen: slash === "", mayClose: slash === "/" };
}

function blockStyleOf({ kind, details }: MarkdownElement): Style | undefined {
  if (kind === "blockquote") return { style: "quote" };
  if (kind === "heading") return { style: "heading", level: details.level ?? 1 };
  if (kind === "table") return { style: "pre" };
  if (kind !== "code") return undefined;
  const language = languageOf(details.language ?? "");
  return language === undefined ? { style: "pre" } : { style: "pre", language };
}

function bulletOf({ depth = 0, ordered, start = 1, index = 0, checked }: MarkdownElement["details"]): string {
  const indent = "  ".repeat(Math.min(depth, deepestIndent));
  if (checked !== undefined) return `${indent}${checked ? "☑" : "☐"} `;
  return ordered ? `${indent}${start + index}. ` : `${indent}• `;
}

/** What a bare `www.…` or `name@host` stands for. */
function complete(written: string): string {
  if (/^www\./i.test(written)) return `http://${written}`;
  return written.includes("@") && !/^[a-z]+:/i.test(written) ? `mailto:${written}` : written;
}

/** The parser hands the address over as it was written. */
function decode(written: string): string {
  return written
    .replaceAll(/\\([!-/:-@[-`{-~])/g, "$1")
    .replaceAll(/&(?:#\d{1,7}|#x[\da-f]{1,6}|[a-z][a-z\d]{1,31});/gi, (entity) => Bun.markdown.render(entity, {}));
}
