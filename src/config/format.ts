import { fault } from "#protocol";
import { extname } from "node:path";
import { findJsonFault, locateInJson } from "./locate/json.ts";
import type { Lines } from "./locate/lines.ts";
import { findTomlFault, locateInToml } from "./locate/toml.ts";
import { findYamlFault, locateInYaml } from "./locate/yaml.ts";
import { editToml } from "./toml/edit.ts";
import { isTree, type Tree } from "./tree.ts";

/** A way to write settings down. */
export interface Format {
  readonly extensions: readonly string[];
  /** How a key is spelled that was not in the file before. */
  readonly spelling: "snake" | "camel";
  parse(text: string): unknown;
  locate(text: string): Lines;
  /** The line where the text stops being valid, when that can be told. */
  findFault(text: string): number | undefined;
  /** The text changed so that it says `wanted`. Absent: this format is never written. */
  readonly edit?: (text: string, wanted: Tree) => string;
}

const toml: Format = {
  extensions: [".toml"],
  spelling: "snake",
  parse: (text) => Bun.TOML.parse(text),
  locate: locateInToml,
  findFault: (text) => findTomlFault(text, isValidFor(Bun.TOML.parse)),
  edit: (text, wanted) => editToml(text, wanted, parseToml),
};

const json5: Format = {
  extensions: [".json5", ".jsonc"],
  spelling: "camel",
  parse: (text) => (text.trim() === "" ? {} : Bun.JSON5.parse(text)),
  locate: locateInJson,
  findFault: findJsonFault,
};

const json: Format = { ...json5, extensions: [".json"], edit: editJson };

const yaml: Format = {
  extensions: [".yaml", ".yml"],
  spelling: "camel",
  parse: (text) => Bun.YAML.parse(text) ?? {},
  locate: locateInYaml,
  findFault: (text) => findYamlFault(text, isValidFor(Bun.YAML.parse)),
};

/** In the order in which a home is searched for them. */
export const formats: readonly Format[] = [toml, json5, json, yaml];

export function formatOf(file: string): Format {
  const extension = extname(file).toLowerCase();
  const format = formats.find((candidate) => candidate.extensions.includes(extension));
  if (format) return format;
  const known = formats.flatMap((candidate) => candidate.extensions).join(", ");
  throw fault.configInvalid({ problem: `${file} does not end in one of ${known}.` });
}

/** What the parser said, without what it quoted: that may be a secret. */
export function sayFault(error: unknown): string {
  if (error instanceof RangeError) return "it is nested too deeply";
  if (!(error instanceof SyntaxError)) throw error;
  return error.message.replace(/^\w+ Parse error: /, "").replace(/(?::| but found) (?:"|').*$/s, "");
}

function parseToml(text: string): Tree {
  const tree: unknown = Bun.TOML.parse(text);
  return isTree(tree) ? tree : {};
}

function editJson(text: string, wanted: Tree): string {
  try {
    if (text.trim() !== "") JSON.parse(text);
  } catch (error) {
    const problem =
      "The file has comments or other things that JSON does not know and that would be lost; edit it by hand.";
    throw fault.configInvalid({ problem }, error);
  }
  return `${JSON.stringify(wanted, undefined, 2)}\n`;
}

function isValidFor(parse: (text: string) => unknown): (text: string) => boolean {
  return (text) => {
    try {
      parse(text);
      return true;
    } catch (error) {
      if (error instanceof SyntaxError || error instanceof RangeError) return false;
      throw error;
    }
  };
}
