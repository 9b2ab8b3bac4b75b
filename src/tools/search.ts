import { clip } from "#base";
import { type Jail, JailError } from "#sandbox";
import { type Static, Type } from "@sinclair/typebox";
import { textOf } from "./text-file.ts";
import { defineTool, type ToolContext, type ToolOutput } from "./tool.ts";

const SearchParams = Type.Object(
  {
    query: Type.String({
      minLength: 1,
      maxLength: 200,
      description:
        "Plain text to find, not a regular expression. For names: a part of the path, or a pattern such as *.ts.",
    }),
    kind: Type.Union([Type.Literal("content"), Type.Literal("name")], {
      description: "Whether to look into the files or at their paths.",
    }),
    path: Type.Optional(Type.String({ minLength: 1, description: "Where to look; the whole workspace when absent." })),
    glob: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 200,
        description: "Only files whose path matches, such as src/**/*.ts or *.md.",
      }),
    ),
    caseSensitive: Type.Optional(Type.Boolean({ description: "Tells upper case from lower case." })),
    most: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 500, description: "How many results at most; 100 when absent." }),
    ),
  },
  { additionalProperties: false },
);
type SearchParams = Static<typeof SearchParams>;

export const search = defineTool({
  name: "search",
  description:
    "Finds text in the files of the workspace, or files by name. Results are `path:line: text`, or paths. Binary and large files, .git and node_modules are left out.",
  params: SearchParams,
  effect: "none",
  timeoutMs: 30_000,
  async run(args, context) {
    const list = await context.workspace.list(args.path ?? ".", { most: bounds.files, skip: skipped });
    const paths = args.glob === undefined ? list.paths : list.paths.filter(matching(args.glob));
    const found = args.kind === "name" ? byName(paths, args) : await byContent(paths, args, context);
    return told(found, list.isComplete ? [] : [`only the first ${list.paths.length} files were looked at`]);
  },
});

/** What one search looks at; what is left out is told. */
const bounds = { files: 20_000, fileBytes: 2 * 1024 * 1024, characters: 256 * 1024 * 1024, ms: 20_000 } as const;
const defaultMost = 100;
const lineCharacters = 300;
const skipped: ReadonlySet<string> = new Set([".git", "node_modules"]);

interface Found {
  readonly results: readonly string[];
  readonly notes: readonly string[];
}

/** A pattern without a folder matches names in every folder. Bun's matcher takes linear time, so a model may ask any. */
function matching(glob: string): (path: string) => boolean {
  const matcher = new Bun.Glob(glob.includes("/") ? glob : `**/${glob}`);
  return (path) => matcher.match(path);
}

function containing(query: string, caseSensitive: boolean): (text: string) => boolean {
  if (caseSensitive) return (text) => text.includes(query);
  const folded = query.toLowerCase();
  return (text) => text.toLowerCase().includes(folded);
}

function byName(paths: readonly string[], { query, caseSensitive = false, most = defaultMost }: SearchParams): Found {
  const results = paths.filter(/[*?[{]/.test(query) ? matching(query) : containing(query, caseSensitive));
  return { results: results.slice(0, most), notes: results.length > most ? [`${results.length - most} more`] : [] };
}

async function byContent(paths: readonly string[], args: SearchParams, context: ToolContext): Promise<Found> {
  const { query, caseSensitive = false, most = defaultMost } = args;
  const isHit = containing(query, caseSensitive);
  const results: string[] = [];
  let [seen, leftOut] = [0, 0];
  for await (const { path, text } of textsOf(paths, context)) {
    seen++;
    if (text === undefined) leftOut++;
    else if (isHit(text)) results.push(...hits({ path, text }, isHit, most + 1 - results.length));
    if (results.length > most) return { results: results.slice(0, most), notes: ["there are more"] };
  }
  const notes = [
    ...(seen < paths.length ? [`stopped after ${seen} of ${paths.length} files`] : []),
    ...(leftOut > 0 ? [`${leftOut} binary, large or unreadable files left out`] : []),
  ];
  return { results, notes };
}

interface FileToSearch {
  readonly path: string;
  readonly text: string | undefined;
}

/** One file after the other, until all are read or one of the bounds is met. */
async function* textsOf(paths: readonly string[], { workspace, signal }: ToolContext): AsyncGenerator<FileToSearch> {
  const stopAt = performance.now() + bounds.ms;
  let characters = 0;
  for (const path of paths) {
    if (signal.aborted || characters > bounds.characters || performance.now() > stopAt) return;
    const text = await textAt(workspace, path);
    characters += text?.length ?? 0;
    yield { path, text };
  }
}

/** Undefined for what is no text, is too large, or went away since it was listed. */
async function textAt(workspace: Jail, path: string): Promise<string | undefined> {
  try {
    const file = textOf(await workspace.read(path, bounds.fileBytes));
    return file.isText ? file.text : undefined;
  } catch (error) {
    if (error instanceof JailError) return undefined;
    throw error;
  }
}

/** The first lines that have it, each with its place. */
function hits(file: { path: string; text: string }, isHit: (line: string) => boolean, most: number): string[] {
  const found: string[] = [];
  for (const [index, line] of file.text.split("\n").entries()) {
    if (found.length >= most) break;
    if (isHit(line)) found.push(`${file.path}:${index + 1}: ${clip(line.trimEnd(), lineCharacters)}`);
  }
  return found;
}

function told({ results, notes }: Found, more: readonly string[]): ToolOutput {
  const all = [...notes, ...more];
  const lines = results.length === 0 ? ["Nothing was found."] : results;
  return { text: [...lines, ...(all.length > 0 ? [`[${all.join("; ")}]`] : [])].join("\n") };
}
