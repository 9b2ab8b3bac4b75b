import { type AnyCommand, flagName, type OptionSpec } from "./command.ts";
import { commandsBelow, globalOptions } from "./parse.ts";
import type { Style } from "./style.ts";
import { columns } from "./table.ts";

/** Help on a command, a group of commands, or all of it; computed from the table. */
export function renderHelp(commands: readonly AnyCommand[], topic: readonly string[], style: Style): string {
  const found = commandsBelow(commands, topic);
  const [only] = found;
  const isCommand = found.length === 1 && only?.path.length === topic.length;
  return isCommand && only ? commandHelp(only, style) : listHelp(found, topic, style);
}

function commandHelp(command: AnyCommand, style: Style): string {
  const positionals = Object.entries(command.positionals);
  const call = [
    "openclaw",
    ...command.path,
    ...positionals.map(([name, spec]) => (spec.optional ? `[${name}]` : `<${name}>`)),
  ];
  const sections = [
    command.summary,
    `${style.bold("Usage:")} ${call.join(" ")} [options]`,
    section(
      "Arguments",
      positionals.map(([name, { description }]) => [name, description]),
      style,
    ),
    section("Options", optionRows({ ...command.options, ...globalOptions }), style),
    section(
      "Examples",
      (command.examples ?? []).map((example) => [example]),
      style,
    ),
  ];
  return `${sections.filter((part) => part !== "").join("\n\n")}\n`;
}

function listHelp(commands: readonly AnyCommand[], topic: readonly string[], style: Style): string {
  const call = ["openclaw", ...topic, "<command>"].join(" ");
  const sections = [
    ...(topic.length === 0 ? ["An AI-agent gateway in one executable."] : []),
    `${style.bold("Usage:")} ${call} [options]`,
    section(
      "Commands",
      commands.map(({ path, summary }) => [path.join(" "), summary]),
      style,
    ),
    section("Options", optionRows(globalOptions), style),
    "`openclaw help <command>` says more about one.",
  ];
  return `${sections.join("\n\n")}\n`;
}

function section(title: string, rows: readonly (readonly string[])[], style: Style): string {
  if (rows.length === 0) return "";
  return `${style.bold(`${title}:`)}\n${columns(rows, "  ")}`;
}

function optionRows(options: Readonly<Record<string, OptionSpec>>): string[][] {
  return Object.entries(options)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, spec]) => [spelling(name, spec), describe(spec)]);
}

function spelling(name: string, { short, type, placeholder = "value" }: OptionSpec): string {
  const flag = `${short ? `-${short}, ` : "    "}--${flagName(name)}`;
  return type === "boolean" ? flag : `${flag} <${placeholder}>`;
}

function describe({ description, choices, default: fallback, type }: OptionSpec): string {
  const notes = [
    ...(choices ? [`one of: ${choices.join(", ")}`] : []),
    ...(fallback === undefined ? [] : [`default: ${fallback}`]),
    ...(type === "strings" ? ["may be repeated"] : []),
  ];
  return notes.length === 0 ? description : `${description} (${notes.join("; ")})`;
}
