import type { Source } from "./config.ts";
import { didYouMean, type Findings } from "./findings.ts";
import { fromText } from "./from-text.ts";
import { formatPath, parsePath, variableOf } from "./path.ts";
import { respell } from "./respell.ts";
import {
  alsoVariableOf,
  canonicalPath,
  childOf,
  type Leaf,
  leavesOf,
  mayBeTable,
  mayBeValue,
  type Node,
  nodeAt,
  propertiesOf,
  showPath,
} from "./schema-node.ts";
import { revealSecrets } from "./secrets.ts";
import { isTree, type Path, valueAt, withValue } from "./tree.ts";

/** Variables that mean something else than a setting. */
const otherVariables: readonly string[] = ["OPENCLAW_CONFIG", "OPENCLAW_GATEWAY_URL", "OPENCLAW_HOME"];

export interface LayersInput {
  readonly root: Node;
  /** The file's settings in the schema's spelling. */
  readonly file: unknown;
  readonly flags: Readonly<Record<string, unknown>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly problems: Findings;
  readonly warnings: Findings;
}

/** The settings that somebody made, the strongest of each, and who made them. */
export interface Layers {
  readonly merged: unknown;
  sourceOf(path: Path): Source;
  /** The variable that the value came from, when it came from one. */
  variableAt(path: Path): string | undefined;
}

/** Environment over flags over file. */
export function mergeLayers(input: LayersInput): Layers {
  const merge = new Merge(input);
  merge.takeFlags();
  merge.takeVariables();
  return merge;
}

class Merge implements Layers {
  merged: unknown;
  readonly #input: LayersInput;
  readonly #flags = new Map<string, unknown>();
  readonly #variables = new Map<string, string>();

  constructor(input: LayersInput) {
    this.#input = input;
    this.merged = input.file;
  }

  sourceOf(path: Path): Source {
    const keys = path.map((_, i) => formatPath(path.slice(0, i + 1)));
    if (keys.some((key) => this.#variables.has(key))) return "environment";
    if (keys.some((key) => this.#flags.has(key))) return "flag";
    return valueAt(this.#input.file, path) === undefined ? "default" : "file";
  }

  variableAt(path: Path): string | undefined {
    const keys = path.map((_, i) => formatPath(path.slice(0, i + 1)));
    return keys.map((key) => this.#variables.get(key)).findLast((variable) => variable !== undefined);
  }

  takeFlags(): void {
    const { root, flags, problems } = this.#input;
    for (const [flag, value] of Object.entries(flags)) {
      if (value === undefined) continue;
      const written = parsePath(flag);
      const path = written && canonicalPath(root, written);
      if (path) this.#assign(path, value, (at) => this.#flags.set(formatPath(at), valueAt(this.merged, at)));
      else problems.add(`there is no setting ${flag}`);
    }
  }

  /** A section that no variable names is not even walked through: together they have many settings. */
  takeVariables(): void {
    const { root, environment, problems } = this.#input;
    const ours = Object.keys(environment).filter(isOurs);
    const meanings = new Map<string, Path>();
    const isNamed = (section: string) => ours.some((variable) => variable.startsWith(variableOf([section])));
    for (const { path } of this.#leaves(propertiesOf(root).filter(isNamed))) {
      const names = namesOf(root, path);
      const variable = names.find((name) => environment[name]);
      const other = variable && meanings.get(variable);
      for (const name of names) meanings.set(name, path);
      if (!variable) continue;
      if (other) problems.add(`${variable} could mean ${showPath(root, other)} or ${showPath(root, path)}`);
      this.#assign(path, environment[variable], (at) => {
        this.#variables.set(formatPath(at), variable);
        this.#reportLostFlag(at, variable);
      });
    }
    const unknown = ours.filter((variable) => !meanings.has(variable));
    if (unknown.length > 0) this.#reportUnknownVariables(unknown);
  }

  #reportUnknownVariables(unknown: readonly string[]): void {
    const { root, warnings } = this.#input;
    const known = [...this.#leaves(propertiesOf(root))].flatMap(({ path }) => namesOf(root, path));
    for (const variable of unknown) warnings.add(`${variable} sets nothing${didYouMean(variable, known)}`);
  }

  *#leaves(sections: readonly string[]): Iterable<Leaf> {
    for (const section of sections) {
      const node = childOf(this.#input.root, section);
      if (node) yield* leavesOf(node, (at) => keysOf(valueAt(this.merged, at)), [section]);
    }
  }

  /** Puts a value in, and tells `note` every place where it put something. */
  #assign(path: Path, value: unknown, note: (path: Path) => void): void {
    const { root, problems, warnings } = this.#input;
    const node = nodeAt(root, path);
    if (!node || !this.#makeWay(path)) return;
    const parsed = typeof value === "string" ? fromText(node, value) : revealSecrets(value);
    const whereIs = () => `${formatPath(path)}: `;
    const spelled = respell(node, parsed, { whereIs, problems, unknown: warnings });
    for (const leaf of leafPaths(spelled, path)) {
      this.merged = withValue(isTree(this.merged) ? this.merged : {}, leaf, valueAt(spelled, leaf.slice(path.length)));
      note(leaf);
    }
  }

  /** A weaker layer's plain value gives way to a table where both are allowed; elsewhere it stays, for the check to name. */
  #makeWay(path: Path): boolean {
    for (let length = 0; length < path.length; length++) {
      const above = path.slice(0, length);
      const value = valueAt(this.merged, above);
      if (value === undefined || isTree(value)) continue;
      const node = nodeAt(this.#input.root, above);
      if (length === 0 || !node || !mayBeTable(node) || !mayBeValue(node)) return false;
      this.merged = withValue(isTree(this.merged) ? this.merged : {}, above, {});
    }
    return true;
  }

  #reportLostFlag(path: Path, variable: string): void {
    const key = formatPath(path);
    if (!this.#flags.has(key) || Bun.deepEquals(this.#flags.get(key), valueAt(this.merged, path))) return;
    const shown = showPath(this.#input.root, path);
    this.#input.warnings.add(`the flag for ${shown} counts for nothing, because ${variable} is set and is stronger`);
  }
}

function isOurs(variable: string): boolean {
  return variable.startsWith("OPENCLAW_") && !otherVariables.includes(variable);
}

/** The variables that set what is at a path, the stronger first. */
function namesOf(root: Node, path: Path): readonly string[] {
  return [variableOf(path), alsoVariableOf(root, path)].filter((name) => name !== undefined);
}

function keysOf(value: unknown): readonly string[] {
  return isTree(value) ? Object.keys(value) : [];
}

function leafPaths(value: unknown, path: Path): Path[] {
  if (!isTree(value)) return [path];
  return Object.entries(value).flatMap(([key, item]) => leafPaths(item, [...path, key]));
}
