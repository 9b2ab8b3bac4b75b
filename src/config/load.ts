import { fault } from "#protocol";
import type { TSchema } from "@sinclair/typebox";
import { wrongPlaces } from "./check.ts";
import type { Source } from "./config.ts";
import { withDefaults } from "./defaults.ts";
import { describeExpected, describeFound } from "./expected.ts";
import { Findings } from "./findings.ts";
import { type Format, sayFault } from "./format.ts";
import { type Layers, mergeLayers } from "./layers.ts";
import { lineOf, type Lines } from "./locate/lines.ts";
import { formatPath, variableOf } from "./path.ts";
import { fillPlaceholders, type Filled } from "./placeholders.ts";
import { respell, writtenPath } from "./respell.ts";
import { isSecret, leavesOf, type Node, nodeAt, nodeOf, showPath } from "./schema-node.ts";
import { isTree, type Path, type Tree, valueAt } from "./tree.ts";

/**
 * What is only warned of. `absentVariables`: the file names a variable that this environment lacks, while the gateway may
 * run in another. `mistakes`: these too, and whatever is not as the schema has it, so that it can be mended.
 */
export type Tolerance = "absentVariables" | "mistakes";

export interface LoadInput {
  readonly schema: TSchema;
  readonly file: string;
  readonly format: Format;
  readonly text: string;
  readonly flags: Readonly<Record<string, unknown>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly tolerates?: Tolerance | undefined;
  /** The text is not in the file yet: what is wrong with it has no place there, and keeps it from being written. */
  readonly isDraft?: boolean;
}

/** One reading of all layers, checked. */
export interface Loaded {
  readonly root: Node;
  readonly text: string;
  /** What the file says, in its own spelling. */
  readonly written: Tree;
  /** The same in the schema's spelling. */
  readonly spelled: unknown;
  /** The same with each `${NAME}` filled in. */
  readonly fromFile: unknown;
  /** All layers and the defaults; secrets as plain text. */
  readonly plain: Tree;
  readonly warnings: readonly string[];
  /** A secret stands in the file in plain text. */
  readonly hasWrittenSecret: () => boolean;
  readonly sourceOf: (path: Path) => Source;
  /** What the file says where `${NAME}` was filled in. */
  readonly textOf: (path: Path) => string | undefined;
}

/** Reads, merges and checks. Throws a `configInvalid` fault that tells everything that is wrong at once. */
export function load(input: LoadInput): Loaded {
  const reading = new Reading(input);
  const written = reading.parse();
  const spelled = reading.respell(written);
  const filled = reading.fill(written, spelled);
  const layers = reading.merge(filled.value);
  const plain = reading.check(written, layers, filled);
  const { root } = reading;
  return {
    root,
    text: input.text,
    written,
    spelled,
    fromFile: filled.value,
    plain,
    warnings: reading.warnings.list(),
    hasWrittenSecret: () => hasSecret(root, filled),
    sourceOf: (path) => layers.sourceOf(path),
    textOf: (path) => filled.texts.get(formatPath(path)),
  };
}

class Reading {
  readonly root: Node;
  readonly problems = new Findings();
  readonly warnings = new Findings();
  readonly #input: LoadInput;
  #lines: Lines | undefined;

  constructor(input: LoadInput) {
    this.#input = input;
    this.root = nodeOf(input.schema);
  }

  parse(): Tree {
    const { file, format, text } = this.#input;
    try {
      const written: unknown = format.parse(text);
      if (isTree(written)) return written;
    } catch (error) {
      const line = format.findFault(text);
      const where = line === undefined ? file : `${file}:${line}`;
      throw fault.configInvalid({ problem: `${where}: ${sayFault(error)}.` }, withoutQuotes(error));
    }
    throw fault.configInvalid({ problem: `${file} has to hold a table of settings.` });
  }

  respell(written: Tree): unknown {
    const { problems, warnings } = this;
    return respell(this.root, written, { whereIs: (path) => this.#whereIs(path), problems, unknown: warnings });
  }

  fill(written: Tree, spelled: unknown): Filled {
    const { problems, root, warnings } = this;
    const { environment, tolerates } = this.#input;
    const filled = fillPlaceholders(root, spelled, environment);
    const findings = tolerates === undefined ? problems : warnings;
    for (const { path, variable } of filled.missing) {
      findings.add(`${this.#inFile(written, path)}${showPath(root, path)}: the environment has no ${variable}`);
    }
    return filled;
  }

  merge(file: unknown): Layers {
    const { flags, environment } = this.#input;
    const { root, problems, warnings } = this;
    return mergeLayers({ root, file, flags, environment, problems, warnings });
  }

  check(written: Tree, layers: Layers, { texts, missing }: Filled): Tree {
    const plain = withDefaults(this.#input.schema, layers.merged);
    const isMissing = new Set(missing.map(({ path }) => formatPath(path)));
    for (const path of wrongPlaces(this.#input.schema, plain)) {
      if (isMissing.has(formatPath(path))) continue;
      const node = nodeAt(this.root, path);
      const isHidden = layers.sourceOf(path) === "file" && texts.has(formatPath(path));
      const expected = node ? `expected ${describeExpected(node)}` : "expected no such key";
      const found = `found ${describeFound(node, valueAt(plain, path), isHidden)}`;
      this.problems.add(`${this.#blame(written, path, layers)}${expected}, ${found}`);
    }
    if (isTree(plain) && (this.problems.isEmpty || this.#input.tolerates === "mistakes")) {
      for (const problem of this.problems.list()) this.warnings.add(problem);
      return plain;
    }
    const { isDraft = false } = this.#input;
    throw fault.configInvalid({ problem: isDraft ? this.problems.refusal() : this.problems.sentence() });
  }

  /** Who gave the value: a variable, a flag, or a line of the file. */
  #blame(written: Tree, path: Path, layers: Layers): string {
    const shown = showPath(this.root, path);
    const variable = layers.variableAt(path);
    if (variable !== undefined) return variable === variableOf(path) ? `${variable}: ` : `${variable}: ${shown}: `;
    return layers.sourceOf(path) === "flag" ? `the flag for ${shown}: ` : `${this.#inFile(written, path)}${shown}: `;
  }

  #inFile(written: Tree, path: Path): string {
    return this.#whereIs(writtenPath({ root: this.root, written, spelling: this.#input.format.spelling }, path));
  }

  #whereIs(path: Path): string {
    if (this.#input.isDraft) return "";
    this.#lines ??= this.#input.format.locate(this.#input.text);
    const line = lineOf(this.#lines, path);
    return line === undefined ? "" : `${this.#input.file}:${line}: `;
  }
}

function hasSecret(root: Node, { value, texts }: Filled): boolean {
  const keysAt = (path: Path) => Object.keys(Object(valueAt(value, path)));
  for (const { node, path } of leavesOf(root, keysAt)) {
    if (isSecret(node) && valueAt(value, path) !== undefined && !texts.has(formatPath(path))) return true;
  }
  return false;
}

/** The parser quotes what it read; a cause is logged, so it keeps the kind of error and its place only. */
function withoutQuotes(error: unknown): Error {
  return new SyntaxError(sayFault(error));
}
