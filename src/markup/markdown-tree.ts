/** A leaf is its text. */
export type MarkdownNode = string | MarkdownElement;

export interface MarkdownElement {
  readonly kind: MarkdownKind;
  readonly details: Details;
  /** Node numbers, each followed by a comma, between which line ends stand for themselves. */
  readonly children: string;
}

const kinds = [
  "blockquote",
  "code",
  "codespan",
  "emphasis",
  "heading",
  "hr",
  "image",
  "link",
  "list",
  "listItem",
  "paragraph",
  "strikethrough",
  "strong",
  "table",
  "tbody",
  "td",
  "th",
  "thead",
  "tr",
] as const;
export type MarkdownKind = (typeof kinds)[number];

interface Details {
  readonly level?: number;
  readonly language?: string;
  readonly ordered?: boolean;
  readonly start?: number;
  readonly index?: number;
  readonly depth?: number;
  readonly checked?: boolean;
  readonly href?: string;
  readonly src?: string;
}

export interface MarkdownTree {
  readonly root: readonly MarkdownNode[];
  childrenOf(element: MarkdownElement): readonly MarkdownNode[];
}

const none: Details = {};

/**
 * What Bun's parser (CommonMark and GFM) sees. Its callbacks are handed what was made of the children: here numbers of
 * nodes, never text, so that nothing in the text can pass for structure and no text is copied once for every level.
 */
export function readTree(text: string): MarkdownTree {
  const nodes: MarkdownNode[] = [];
  const keep = (node: MarkdownNode) => `${nodes.push(node) - 1},`;
  const callbacks = Object.fromEntries(
    kinds.map((kind) => [
      kind,
      (children: string, details: Details | undefined) => keep({ kind, details: details ?? none, children }),
    ]),
  );
  const root = Bun.markdown.render(
    text,
    { ...callbacks, text: keep },
    { autolinks: true, noHtmlBlocks: true, tables: mayReadTables(text) },
  );
  const read = (children: string) =>
    Array.from(children.matchAll(/(\d+),|[^\d]+/g), ([raw, node]) =>
      node === undefined ? raw : (nodes[Number(node)] ?? ""),
    );
  return { root: read(root), childrenOf: ({ children }) => read(children) };
}

/** A short row is filled up to the width of its table: a wide head over many short rows would cost a cell for every byte, many times. */
function mayReadTables(text: string): boolean {
  let [widest, lines] = [0, 0];
  for (const line of text.split("\n")) {
    lines++;
    if (line.includes("-") && line.includes("|")) widest = Math.max(widest, Math.min(line.split("|").length, 128));
  }
  return widest * lines <= 20_000 + text.length / 2;
}

/** The text of an element and all in it. */
export function textOf(tree: MarkdownTree, element: MarkdownElement): string {
  const found: string[] = [];
  const open = [...tree.childrenOf(element)].toReversed();
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (typeof node === "string") found.push(node);
    else open.push(...tree.childrenOf(node).toReversed());
  }
  return found.join("");
}
