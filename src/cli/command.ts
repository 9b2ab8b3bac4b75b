import type { CliContext } from "./context.ts";

/** An option by its name in camelCase: `tokenFile` is typed as `--token-file`. */
export interface OptionSpec {
  readonly type: "boolean" | "integer" | "string" | "strings";
  readonly description: string;
  /** One letter. */
  readonly short?: string;
  /** What stands for the value in the help. */
  readonly placeholder?: string;
  readonly choices?: readonly string[];
  readonly default?: string | number;
  readonly least?: number;
  readonly most?: number;
}

export interface PositionalSpec {
  readonly description: string;
  readonly optional?: true;
}

export type OptionSpecs = Readonly<Record<string, OptionSpec>>;
export type PositionalSpecs = Readonly<Record<string, PositionalSpec>>;
export type OptionValue = string | number | boolean | readonly string[] | undefined;

interface Values {
  boolean: boolean;
  integer: number;
  string: string;
  strings: readonly string[];
}
type MayBeAbsent<Spec extends OptionSpec> = Spec extends { type: "boolean" | "strings" } | { default: string | number }
  ? never
  : undefined;

/** What was typed, as the command's specs say it. */
export interface Input<Options extends OptionSpecs, Positionals extends PositionalSpecs> {
  readonly options: { readonly [Name in keyof Options]: Values[Options[Name]["type"]] | MayBeAbsent<Options[Name]> };
  readonly positionals: {
    readonly [Name in keyof Positionals]: string | (Positionals[Name] extends { optional: true } ? undefined : never);
  };
}

export interface Command<Options extends OptionSpecs, Positionals extends PositionalSpecs> {
  /** The words that call it. */
  readonly path: readonly [string] | readonly [string, string];
  readonly summary: string;
  readonly options: Options;
  /** In the order in which they are typed. */
  readonly positionals: Positionals;
  readonly examples?: readonly string[];
  /**
   * Returns the exit code; a failure is thrown. What is heavy is imported in here: every command's file is loaded for
   * every command line.
   */
  run(context: CliContext, input: Input<Options, Positionals>): Promise<number>;
}

export interface AnyInput {
  readonly options: Readonly<Record<string, OptionValue>>;
  readonly positionals: Readonly<Record<string, string | undefined>>;
}

export interface AnyCommand extends Omit<Command<OptionSpecs, PositionalSpecs>, "run"> {
  run(context: CliContext, input: AnyInput): Promise<number>;
}

export function defineCommand<const Options extends OptionSpecs, const Positionals extends PositionalSpecs>(
  command: Command<Options, Positionals>,
): Command<Options, Positionals> {
  return command;
}

export const jsonOption = {
  json: { type: "boolean", description: "Print exactly one JSON document, also when it fails." },
} as const satisfies OptionSpecs;

export const configOption = {
  config: { type: "string", placeholder: "file", description: "Settings file, instead of the one in the home." },
} as const satisfies OptionSpecs;

/** Where the gateway is; for every command that talks to one. */
export const clientOptions = {
  ...configOption,
  token: { type: "string", placeholder: "token", description: "Token; other users can see it, a file is better." },
  tokenFile: { type: "string", placeholder: "file", description: "File that holds the token." },
  url: {
    type: "string",
    placeholder: "url",
    description: "Gateway, like wss://host:port; default: from the settings.",
  },
} as const satisfies OptionSpecs;

export const timeoutOption = {
  timeout: {
    type: "integer",
    placeholder: "ms",
    least: 1,
    most: 86_400_000,
    default: 30_000,
    description: "How long to wait for the answer.",
  },
} as const satisfies OptionSpecs;

/** `tokenFile` is typed as `token-file`. */
export function flagName(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
