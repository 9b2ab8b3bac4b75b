/** Where a value came from, strongest first. */
export type Source = "environment" | "flag" | "file" | "default";

export interface ExplainedValue {
  /** Dotted, in the spelling of the file: `gateway.auth.token`. */
  readonly path: string;
  /** Secrets as `[secret]`. */
  readonly value: unknown;
  readonly source: Source;
  /** The variable that would set it. */
  readonly variable: string;
  readonly description: string;
}

export interface ConfigChange {
  /** Dotted paths whose value is now another. */
  readonly changed: readonly string[];
  /** Those of them that count only after a restart. */
  readonly restartRequired: readonly string[];
}

/**
 * The checked settings and the file behind them. `settings` is replaced as a whole when the file is changed through here,
 * so read it anew each time; a value that was read stays what it was.
 */
export interface Config<Settings> {
  readonly settings: Settings;
  /** The file that was read, or would be written. */
  readonly file: string;
  /** Of the file's text: guards a change against another one in between. Means nothing to another opening of the file. */
  readonly hash: string;
  /** For a person: unknown keys with the nearest known one, flags that lost to the environment. */
  readonly warnings: readonly string[];

  /**
   * All of it as RPC shows it: camelCase, secrets as `[secret]`, and where the file says `${NAME}` so does this. What is shown
   * may be written back: it means what is there now.
   */
  view(): Record<string, unknown>;
  /** One value by its path, either spelling; a `configInvalid` fault when there is no such path. */
  get(path: string): unknown;
  explain(path?: string): readonly ExplainedValue[];
  /** JSON Schema (draft 2020-12) of the whole, keys as in the file. */
  schema(): Record<string, unknown>;

  /**
   * Writes one value into the file, comments and order kept; a text is read by the setting's type. Nothing is written when
   * the result would not check.
   */
  set(path: string, value: unknown): Promise<ConfigChange>;
  /** Takes a key out of the file; one that the schema does not know, too. */
  unset(path: string): Promise<ConfigChange>;
  /** A JSON merge patch (RFC 7396), either spelling. A `configConflict` fault when `baseHash` is not the file's. */
  patch(patch: Record<string, unknown>, baseHash?: string): Promise<ConfigChange>;
  /** Reads the file again, which others may have changed. A `configInvalid` fault, and all as before, when it does not check. */
  reload(): ConfigChange;
  /** From now on hears of each change after it counts, until the answer is called. What a listener throws is the changer's. */
  subscribe(listener: (change: ConfigChange) => void): () => void;
}
