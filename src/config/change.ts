import { Findings } from "./findings.ts";
import { keepWritten, type Written } from "./keep-written.ts";
import type { Loaded } from "./load.ts";
import { respell, writtenPath } from "./respell.ts";
import { childOf, isSecret, mayBeTable, type Node, nodeAt, showPath } from "./schema-node.ts";
import { hidden, hideSecrets, holdsHidden, revealSecrets } from "./secrets.ts";
import { isTree, type Path, type Tree, valueAt, withoutValue, withValue } from "./tree.ts";

export interface Changed {
  /** What the file shall say, in its own spelling. */
  readonly wanted: Tree;
  /** Why the change is refused; empty when it is not. */
  readonly problems: Findings;
}

type Spelling = "snake" | "camel";

/** What the file would say after a JSON merge patch (RFC 7396). What is shown, written back, means what is there now. */
export function mergePatch(loaded: Loaded, patch: Tree, spelling: Spelling): Changed {
  const change = new Change(loaded, spelling);
  change.merge(loaded.root, change.read(loaded.root, patch), []);
  return change;
}

/** What the file would say with the value at a path of the schema set as a whole. */
export function setValue(loaded: Loaded, assignment: { path: Path; value: unknown }, spelling: Spelling): Changed {
  const { path, value } = assignment;
  const node = nodeAt(loaded.root, path) ?? [];
  const change = new Change(loaded, spelling);
  if (value === undefined || value === null) change.refuse(path, "there is no value to set; unset it instead");
  else if (isSecret(node) && value === hidden) change.refuse(path, `${hidden} is only what is shown for a secret`);
  else change.put(node, change.read(node, value), path);
  return change;
}

class Change implements Changed {
  wanted: Tree;
  readonly problems = new Findings();
  readonly #loaded: Loaded;
  readonly #spelling: Spelling;

  constructor(loaded: Loaded, spelling: Spelling) {
    this.#loaded = loaded;
    this.#spelling = spelling;
    this.wanted = loaded.written;
  }

  /** The value with its keys in the schema's spelling. What the schema does not know is refused, not ignored. */
  read(node: Node, value: unknown): unknown {
    const { problems } = this;
    return respell(node, revealSecrets(value), { whereIs: () => "", problems, unknown: problems });
  }

  merge(node: Node, patch: unknown, path: Path): void {
    const entries = isTree(patch) ? Object.entries(patch) : [];
    if (entries.length === 0 && !isTree(valueAt(this.wanted, this.#written(path)))) this.#write(path, {});
    for (const [key, value] of entries) {
      const here = [...path, key];
      const child = childOf(node, key) ?? [];
      if (value === null) this.wanted = withoutValue(this.wanted, this.#written(here));
      else if (isTree(value) && mayBeTable(child)) this.merge(child, value, here);
      else if (!isSecret(child) || value !== hidden) this.put(child, value, here);
    }
  }

  put(node: Node, value: unknown, path: Path): void {
    const now = this.#now(node, path);
    const kept = keepWritten(node, value, now);
    if (holdsHidden(node, kept)) {
      return this.refuse(path, `which secret ${hidden} stands for is not clear here; give the secrets themselves`);
    }
    if (now.text === undefined || !Bun.deepEquals(kept, now.text)) this.#write(path, kept);
  }

  refuse(path: Path, because: string): void {
    this.problems.add(`${showPath(this.#loaded.root, path)}: ${because}`);
  }

  /** What the file has at a path. */
  #now(node: Node, path: Path): Written {
    const { spelled, fromFile, textOf } = this.#loaded;
    const filled = valueAt(fromFile, path);
    const shown = hideSecrets(node, filled, (below) => textOf([...path, ...below]));
    return { text: valueAt(spelled, path), filled, shown };
  }

  #write(path: Path, value: unknown): void {
    this.wanted = withValue(this.wanted, this.#written(path), this.#respelled(value, path));
  }

  #respelled(value: unknown, path: Path): unknown {
    if (Array.isArray(value)) return value.map((item: unknown, i) => this.#respelled(item, [...path, String(i)]));
    if (!isTree(value)) return value;
    const entries = Object.entries(value).map(([key, item]) => {
      const here = [...path, key];
      return [this.#written(here).at(-1) ?? key, this.#respelled(item, here)];
    });
    return Object.fromEntries(entries);
  }

  #written(path: Path): Path {
    const { root, written } = this.#loaded;
    return writtenPath({ root, written, spelling: this.#spelling }, path);
  }
}
