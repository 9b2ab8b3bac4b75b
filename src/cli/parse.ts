import { nearest } from "#base";
import { parseArgs } from "node:util";
import { type AnyCommand, type AnyInput, flagName, type OptionSpec, type OptionValue } from "./command.ts";
import { misuse } from "./failure.ts";

export type Parsed =
  | { readonly kind: "run"; readonly command: AnyCommand; readonly input: AnyInput; readonly noColor: boolean }
  /** An empty topic is the whole program. */
  | { readonly kind: "help"; readonly topic: readonly string[]; readonly noColor: boolean }
  | { readonly kind: "version" };

/** Options of every command line, wherever they stand before `--`. */
export const globalOptions = {
  help: { type: "boolean", short: "h", description: "Show help." },
  noColor: { type: "boolean", description: "Print without colour; the variable NO_COLOR does the same." },
  version: { type: "boolean", short: "V", description: "Show the version." },
} as const satisfies Record<string, OptionSpec>;

/** What a command line asks for. Throws a misuse that names what was meant. */
export function parseCommandLine(commands: readonly AnyCommand[], argv: readonly string[]): Parsed {
  const wordsFrom = argv.findIndex((arg) => !arg.startsWith("-"));
  const leading = argv.slice(0, wordsFrom === -1 ? argv.length : wordsFrom);
  const rest = argv.slice(leading.length);
  const globals = parseLeading(leading);
  if (globals.version) return { kind: "version" };
  if (rest.length === 0) return { kind: "help", topic: [], noColor: globals.noColor };
  if (rest[0] === "help") {
    const topic = rest.slice(1).filter((arg) => !arg.startsWith("-"));
    return { kind: "help", topic: knownTopic(commands, topic), noColor: globals.noColor };
  }
  const command = findCommand(commands, rest);
  if (!command) return parseWithoutCommand({ commands, rest, ...globals });
  const typed = tokenize(command, rest.slice(command.path.length));
  const noColor = globals.noColor || typed.has("noColor");
  if (globals.help || typed.has("help")) return { kind: "help", topic: command.path, noColor };
  if (typed.has("version")) return { kind: "version" };
  const input = {
    options: readOptions(command, typed.options()),
    positionals: readPositionals(command, typed.positionals),
  };
  return { kind: "run", command, input, noColor };
}

/** The commands whose path begins with these words. */
export function commandsBelow(commands: readonly AnyCommand[], topic: readonly string[]): readonly AnyCommand[] {
  return commands.filter(({ path }) => topic.every((word, i) => path[i] === word));
}

function parseLeading(leading: readonly string[]): { help: boolean; noColor: boolean; version: boolean } {
  const found = { help: false, noColor: false, version: false };
  for (const arg of leading) {
    const name = globalNames.find((global) => spellings(global, globalOptions[global]).includes(arg));
    if (!name)
      throw unknownOption(
        arg,
        globalNames.flatMap((global) => spellings(global, globalOptions[global])),
        [],
      );
    found[name] = true;
  }
  return found;
}

const globalNames = ["help", "noColor", "version"] as const;

function findCommand(commands: readonly AnyCommand[], words: readonly string[]): AnyCommand | undefined {
  return commands
    .filter(({ path }) => path.every((word, i) => words[i] === word))
    .toSorted((a, b) => b.path.length - a.path.length)[0];
}

/** The words name no command: a group, perhaps with a wish for help, or nothing we know. */
function parseWithoutCommand(line: {
  readonly commands: readonly AnyCommand[];
  readonly rest: readonly string[];
  readonly help: boolean;
  readonly noColor: boolean;
}): Parsed {
  const [group = "", second] = line.rest;
  const below = commandsBelow(line.commands, [group]);
  if (below.length === 0) throw unknownCommand(line.commands, line.rest);
  const wantsHelp = line.help || line.rest.some((arg) => spellings("help", globalOptions.help).includes(arg));
  if (wantsHelp && (second === undefined || second.startsWith("-"))) {
    return { kind: "help", topic: [group], noColor: line.noColor || line.rest.includes("--no-color") };
  }
  if (second === undefined || second.startsWith("-")) {
    const names = below.map(({ path }) => path[1]).join(", ");
    throw misuse(`“${group}” needs a command behind it: ${names}.`, `Try \`openclaw help ${group}\`.`);
  }
  throw unknownCommand(line.commands, line.rest);
}

function knownTopic(commands: readonly AnyCommand[], topic: readonly string[]): readonly string[] {
  if (commandsBelow(commands, topic).length === 0) throw unknownCommand(commands, topic);
  return topic;
}

function unknownCommand(commands: readonly AnyCommand[], words: readonly string[]): Error {
  const [group = "", second] = words.filter((word) => !word.startsWith("-"));
  const siblings = commandsBelow(commands, [group]);
  const isInGroup = siblings.length > 0 && second !== undefined;
  const typed = isInGroup ? `${group} ${second}` : group;
  const meant = isInGroup
    ? nearest(
        second,
        siblings.flatMap(({ path }) => path[1] ?? []),
      )
    : nearest(group, [...new Set(commands.map(({ path }) => path[0])), "help"]);
  const advice = meant ? `Did you mean \`openclaw ${isInGroup ? `${group} ` : ""}${meant}\`?` : "Try `openclaw help`.";
  return misuse(`There is no command “${typed}”.`, advice);
}

interface Typed {
  readonly positionals: readonly string[];
  has(global: (typeof globalNames)[number]): boolean;
  /** Every option that was typed, in order. */
  options(): readonly TypedOption[];
}

interface TypedOption {
  readonly name: string;
  readonly rawName: string;
  readonly value: string | undefined;
  readonly isInline: boolean;
}

/** Node's tokens under our names. Nothing is judged yet: a wish for help comes before complaints. */
function tokenize(command: AnyCommand, argv: readonly string[]): Typed {
  const specs: Readonly<Record<string, OptionSpec>> = { ...command.options, ...globalOptions };
  const names = new Map(Object.keys(specs).map((name) => [flagName(name), name]));
  const { tokens } = parseArgs({
    args: [...argv],
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: Object.fromEntries(
      Object.entries(specs).map(([name, { type, short }]) => [
        flagName(name),
        { type: type === "boolean" ? "boolean" : "string", ...(short ? { short } : {}) },
      ]),
    ),
  });
  const options = tokens
    .filter((token) => token.kind === "option")
    .map(({ name, rawName, value, inlineValue }) => ({
      name: names.get(name) ?? "",
      rawName,
      value,
      isInline: inlineValue === true,
    }));
  return {
    positionals: tokens.filter((token) => token.kind === "positional").map(({ value }) => value),
    has: (global) => options.some(({ name }) => name === global),
    options: () => options,
  };
}

function readOptions(command: AnyCommand, typed: readonly TypedOption[]): Record<string, OptionValue> {
  const values: Record<string, OptionValue> = {};
  for (const [name, spec] of Object.entries(command.options)) values[name] = whenAbsent(spec);
  for (const option of typed) {
    const spec = command.options[option.name];
    if (spec) values[option.name] = readOption(option, spec, values[option.name]);
    else if (!Object.hasOwn(globalOptions, option.name)) throw unknownFor(command, option.rawName);
  }
  return values;
}

function whenAbsent(spec: OptionSpec): OptionValue {
  if (spec.type === "boolean") return false;
  return spec.type === "strings" ? [] : spec.default;
}

function readOption(option: TypedOption, spec: OptionSpec, before: OptionValue): OptionValue {
  const { rawName, isInline } = option;
  if (spec.type === "boolean") {
    if (isInline) throw misuse(`${rawName} takes no value.`, `Write ${rawName} alone.`);
    return true;
  }
  const value = valueOf(option, spec);
  if (spec.choices && !spec.choices.includes(value)) {
    throw misuse(`${rawName} cannot be “${value}”.`, `It is one of: ${spec.choices.join(", ")}.`);
  }
  if (spec.type === "integer") return readInteger(rawName, value, spec);
  return spec.type === "strings" ? [...(Array.isArray(before) ? before : []), value] : value;
}

/** A word behind an option that looks like the next option is one, unless `=` joins them; `-` alone means stdin. */
function valueOf({ rawName, value, isInline }: TypedOption, { placeholder = "value" }: OptionSpec): string {
  if (value !== undefined && (isInline || value === "-" || !value.startsWith("-"))) return value;
  const advice = `Write ${rawName} <${placeholder}>, or ${rawName}=… when it begins with a dash.`;
  throw misuse(`${rawName} needs a value.`, advice);
}

function readInteger(rawName: string, text: string, { least = 0, most = Number.MAX_SAFE_INTEGER }: OptionSpec): number {
  const number = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw misuse(`${rawName} cannot be “${text}”.`, `It is a whole number from ${least} to ${most}.`);
}

function readPositionals(command: AnyCommand, typed: readonly string[]): Record<string, string | undefined> {
  const specs = Object.entries(command.positionals);
  const advice = `Try \`openclaw help ${command.path.join(" ")}\`.`;
  const missing = specs.find(([, spec], i) => !spec.optional && typed[i] === undefined);
  if (missing) throw misuse(`<${missing[0]}> is missing: ${missing[1].description}`, advice);
  const surplus = typed[specs.length];
  if (surplus !== undefined) throw misuse(`“${surplus}” is one word too many.`, advice);
  return Object.fromEntries(specs.map(([name], i) => [name, typed[i]]));
}

function unknownFor(command: AnyCommand, rawName: string): Error {
  const all = Object.entries<OptionSpec>({ ...command.options, ...globalOptions });
  return unknownOption(
    rawName,
    all.flatMap(([name, spec]) => spellings(name, spec)),
    command.path,
  );
}

function unknownOption(typed: string, known: readonly string[], path: readonly string[]): Error {
  const flag = typed.replace(/=.*/s, "");
  const meant = flag.startsWith("--")
    ? nearest(
        flag,
        known.filter((name) => name.startsWith("--")),
      )
    : undefined;
  const help = `Try \`${["openclaw", "help", ...path].join(" ")}\`.`;
  const place = path.length === 0 ? "before the command" : `for \`openclaw ${path.join(" ")}\``;
  return misuse(`There is no option ${flag} ${place}.`, meant ? `Did you mean ${meant}?` : help);
}

function spellings(name: string, { short }: OptionSpec): string[] {
  return [`--${flagName(name)}`, ...(short ? [`-${short}`] : [])];
}
