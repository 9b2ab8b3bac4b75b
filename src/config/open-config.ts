import { Fault, fault } from "#protocol";
import type { Static, TSchema } from "@sinclair/typebox";
import { type Changed, mergePatch, setValue } from "./change.ts";
import type { Config, ConfigChange, ExplainedValue } from "./config.ts";
import { explainSettings } from "./explain.ts";
import { findFile, isReadableByOthers, readText } from "./find-file.ts";
import { didYouMean, Findings } from "./findings.ts";
import { type Format, formatOf } from "./format.ts";
import { fromText } from "./from-text.ts";
import type { Home } from "./home.ts";
import { toJsonSchema } from "./json-schema.ts";
import { load, type Loaded, type LoadInput, type Tolerance } from "./load.ts";
import { parsePath } from "./path.ts";
import { writtenPath } from "./respell.ts";
import { canonicalPath, leavesOf, needsRestart, nodeAt, nodeOf, showPath } from "./schema-node.ts";
import { hideSecrets, wrapSecrets } from "./secrets.ts";
import { isTree, type Path, type Tree, valueAt, withoutValue } from "./tree.ts";
import { replaceFile } from "./write-file.ts";

export interface ConfigOptions<Schema extends TSchema> {
  /** A TypeBox object, camelCase. `secret: true` hides a value (`SecretText`), `restart: true` marks what waits for one. */
  readonly schema: Schema;
  readonly home: Home;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** By dotted path; what is undefined was not given. Texts are read by the schema's type. */
  readonly flags: Readonly<Record<string, unknown>>;
  /** `--config`; has to exist. Stronger than `OPENCLAW_CONFIG`. */
  readonly file?: string | undefined;
  /** For those who look at the settings or mend them; whoever acts on them wants them right. A change has to be right. */
  readonly tolerates?: Tolerance | undefined;
  /** What is wrong with settings that are well-formed each by itself. A change that brings something new of that is refused. */
  readonly check?: (config: Pick<Config<Static<Schema>>, "explain" | "settings">) => readonly string[];
}

/** Where the settings are, and what they can be: what there is to know without reading them. */
export interface ConfigPlace {
  /** The file that is read, or would be written. */
  readonly file: string;
  /** JSON Schema (draft 2020-12) of the whole, keys as in the file. */
  readonly schema: Record<string, unknown>;
}

export function locateConfig<Schema extends TSchema>({
  schema,
  home,
  environment,
  file,
}: Pick<ConfigOptions<Schema>, "environment" | "file" | "home" | "schema">): ConfigPlace {
  return { file: findNamed(home, environment, file).file, schema: toJsonSchema(schema) };
}

function findNamed(home: Home, environment: ConfigOptions<TSchema>["environment"], file: string | undefined) {
  return findFile(home, file ?? environment["OPENCLAW_CONFIG"]);
}

/** Reads, merges and checks all layers at once. A `configInvalid` fault tells everything that is wrong. */
export function openConfig<Schema extends TSchema>(options: ConfigOptions<Schema>): Config<Static<Schema>> {
  return new FileConfig(options);
}

class FileConfig<Schema extends TSchema> implements Config<Static<Schema>> {
  readonly file: string;
  readonly #options: ConfigOptions<Schema>;
  readonly #format: Format;
  readonly #ignoredFiles: readonly string[];
  /** The hash is shown to everyone who may read settings; keyed, it helps nobody to guess the secrets in the file. */
  readonly #hashKey = crypto.getRandomValues(new Uint8Array(32));
  readonly #listeners = new Set<(change: ConfigChange) => void>();
  #loaded: Loaded;
  #settings: unknown;

  constructor(options: ConfigOptions<Schema>) {
    const found = findNamed(options.home, options.environment, options.file);
    this.#options = options;
    this.file = found.file;
    this.#format = formatOf(found.file);
    this.#ignoredFiles = found.others;
    const text = readText(found.file);
    if (text === undefined && found.isNamed) throw fault.configInvalid({ problem: `There is no file ${found.file}.` });
    this.#loaded = this.#load(text ?? "", { tolerates: options.tolerates });
    this.#settings = this.#wrapped();
  }

  get settings(): Static<Schema> {
    return this.#settings;
  }

  get hash(): string {
    return this.#hashOf(this.#loaded.text);
  }

  get warnings(): readonly string[] {
    const ignored = this.#ignoredFiles.map((other) => `${other} is not read, because ${this.file} is`);
    const isOpen = isReadableByOthers(this.file) && this.#loaded.hasWrittenSecret();
    const open = isOpen ? [`${this.file} holds secrets and others on this machine can read it; run chmod 600`] : [];
    return [...this.#loaded.warnings, ...ignored, ...open];
  }

  view(): Tree {
    const shown = this.#shown();
    return isTree(shown) ? shown : {};
  }

  get(path: string): unknown {
    return valueAt(this.#shown(), this.#canonical(path));
  }

  explain(path?: string): readonly ExplainedValue[] {
    return explainSettings(this.#loaded, this.#shown(), path === undefined ? undefined : this.#canonical(path));
  }

  schema(): Tree {
    return toJsonSchema(this.#options.schema);
  }

  async set(path: string, value: unknown): Promise<ConfigChange> {
    const canonical = this.#canonical(path);
    const node = nodeAt(this.#loaded.root, canonical) ?? [];
    const meant = typeof value === "string" ? fromText(node, value) : value;
    const { spelling } = this.#format;
    return this.#change((loaded) => setValue(loaded, { path: canonical, value: meant }, spelling));
  }

  async unset(path: string): Promise<ConfigChange> {
    const typed = parsePath(path);
    // What the schema does not know may stand in the file all the same, and this is how to get rid of it.
    if (typed && valueAt(this.#loaded.written, typed) !== undefined) return this.#remove(typed);
    const { root, written } = this.#loaded;
    return this.#remove(writtenPath({ root, written, spelling: this.#format.spelling }, this.#canonical(path)));
  }

  async patch(patch: Record<string, unknown>, baseHash?: string): Promise<ConfigChange> {
    return this.#change((loaded) => mergePatch(loaded, patch, this.#format.spelling), baseHash);
  }

  reload(): ConfigChange {
    const text = readText(this.file) ?? "";
    const loaded = this.#load(text, { tolerates: this.#options.tolerates });
    const worse = this.#worse(this.#loaded, loaded);
    if (worse !== undefined) throw fault.configInvalid({ problem: worse });
    return this.#adopt(loaded);
  }

  subscribe(listener: (change: ConfigChange) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #remove(path: Path): ConfigChange {
    return this.#change(({ written }) => ({ wanted: withoutValue(written, path), problems: new Findings() }));
  }

  #change(makeChange: (loaded: Loaded) => Changed, baseHash?: string): ConfigChange {
    const { edit } = this.#format;
    if (!edit) {
      throw fault.configInvalid({ problem: `Edit ${this.file} by hand; only TOML and plain JSON are written here.` });
    }
    const text = readText(this.file) ?? "";
    if (baseHash !== undefined && this.#hashOf(text) !== baseHash) throw fault.configConflict({});
    const { tolerates } = this.#options;
    const before = text === this.#loaded.text ? this.#loaded : this.#load(text, { tolerates });
    const { wanted, problems } = makeChange(before);
    if (!problems.isEmpty) throw fault.configInvalid({ problem: problems.refusal() });
    if (Bun.deepEquals(wanted, before.written)) return this.#adopt(before);
    const newText = edit(text, wanted);
    const after = this.#load(newText, { isDraft: true, tolerates: tolerates && "absentVariables" });
    const worse = this.#worse(tolerates === "mistakes" ? this.#sound(text) : before, after);
    if (worse !== undefined) throw fault.configInvalid({ problem: `Nothing was changed: ${worse}` });
    replaceFile(this.file, newText, () => (readText(this.file) ?? "") === text);
    return this.#adopt(after);
  }

  /** What was wrong already must not keep anybody from mending it piece by piece. */
  #worse(before: Loaded | undefined, after: Loaded): string | undefined {
    const { check } = this.#options;
    if (!check || !before) return undefined;
    const known = new Set(check(this.#viewed(before)));
    const problems = check(this.#viewed(after)).filter((problem) => !known.has(problem));
    return problems.length > 0 ? problems.join("\n") : undefined;
  }

  /** Undefined for a file that nobody could act on. */
  #sound(text: string): Loaded | undefined {
    try {
      return this.#load(text, { tolerates: "absentVariables" });
    } catch (error) {
      if (error instanceof Fault) return undefined;
      throw error;
    }
  }

  #viewed(loaded: Loaded): Pick<Config<Static<Schema>>, "explain" | "settings"> {
    const settings: unknown = wrapSecrets(loaded.root, loaded.plain);
    return {
      settings,
      explain: (path) =>
        explainSettings(loaded, this.#shown(loaded), path === undefined ? undefined : this.#canonical(path)),
    };
  }

  #adopt(loaded: Loaded): ConfigChange {
    const { root, plain } = loaded;
    const changed = differences(this.#loaded.plain, plain, []);
    this.#loaded = loaded;
    if (changed.length > 0) this.#settings = this.#wrapped();
    const show = (path: Path) => showPath(root, path);
    const change = {
      changed: changed.map(show),
      restartRequired: changed.filter((path) => needsRestart(root, path)).map(show),
    };
    if (changed.length > 0) for (const listener of this.#listeners) listener(change);
    return change;
  }

  #load(text: string, how: Pick<LoadInput, "isDraft" | "tolerates">): Loaded {
    const { schema, flags, environment } = this.#options;
    return load({ schema, flags, environment, text, file: this.file, format: this.#format, ...how });
  }

  #wrapped(): unknown {
    return wrapSecrets(this.#loaded.root, this.#loaded.plain);
  }

  #shown({ root, plain, textOf, sourceOf }: Loaded = this.#loaded): unknown {
    return hideSecrets(root, plain, (path) => (sourceOf(path) === "file" ? textOf(path) : undefined));
  }

  #hashOf(text: string): string {
    return new Bun.CryptoHasher("sha256", this.#hashKey).update(text).digest("hex");
  }

  /** A path as somebody typed it; a `configInvalid` fault when the schema has no such place. */
  #canonical(typed: string): Path {
    const root = nodeOf(this.#options.schema);
    const path = parsePath(typed);
    const canonical = path && canonicalPath(root, path);
    if (canonical) return canonical;
    const keysAt = (at: Path) => Object.keys(Object(valueAt(this.#loaded.plain, at)));
    const known = [...leavesOf(root, keysAt)].map((leaf) => showPath(root, leaf.path));
    throw fault.configInvalid({
      problem: `There is no setting ${JSON.stringify(typed.slice(0, 200))}${didYouMean(typed, known)}.`,
    });
  }
}

/** Where two settings differ, down to single values. */
function differences(before: unknown, after: unknown, path: Path): Path[] {
  if (Bun.deepEquals(before, after)) return [];
  const areTables = [before, after].every((value) => value === undefined || isTree(value));
  const keys = areTables ? new Set([before, after].flatMap((table) => Object.keys(Object(table)))) : new Set<string>();
  if (keys.size === 0) return [path];
  return [...keys].flatMap((key) => differences(valueAt(before, [key]), valueAt(after, [key]), [...path, key]));
}
