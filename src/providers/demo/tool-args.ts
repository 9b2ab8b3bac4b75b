import type { ToolSpec } from "../provider.ts";

/** Other names a tool may have for what the demo model means. */
const synonyms: readonly (readonly string[])[] = [
  ["command", "cmd", "script"],
  ["path", "file", "filePath", "file_path"],
  ["content", "text", "contents"],
  ["pattern", "query", "text", "regex"],
];

/** The arguments under the names that the tool's schema has for them. */
export function argsFor(tool: ToolSpec, meant: Readonly<Record<string, string>>): Record<string, string> {
  const known = propertiesOf(tool.params);
  return Object.fromEntries(
    Object.entries(meant).map(([name, value]) => {
      const names = synonyms.find((group) => group[0] === name) ?? [name];
      return [names.find((candidate) => known.includes(candidate)) ?? name, value];
    }),
  );
}

function propertiesOf(params: object): readonly string[] {
  if (!("properties" in params) || typeof params.properties !== "object" || params.properties === null) return [];
  return Object.keys(params.properties);
}
