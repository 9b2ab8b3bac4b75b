import { locateConfig, locateHome } from "#config";
import { Settings } from "../../src/settings.ts";
import { code, table } from "./markdown.ts";
import { type JsonSchema, shapeOf } from "./shape.ts";

/** Every setting by its path in the file, as the check reads it. */
export function settingsChapter(): string {
  const home = locateHome({ OPENCLAW_HOME: "/" });
  const { schema } = locateConfig({ schema: Settings, home, environment: {} });
  const rows = [...settingsBelow(schema, [])].map(({ path, schema: one }) => [
    code(path.join(".")),
    code(shapeOf(one)),
    one.default === undefined ? "" : code(JSON.stringify(one.default)),
    remarks(one),
  ]);
  const lead =
    "`<name>` stands for a name of your choice, `[]` for each of a list. A setting can be a variable, too: `gateway.port` is `OPENCLAW_GATEWAY_PORT`.";
  return `## Settings\n\n${lead}\n\n${table(["setting", "value", "default", ""], rows)}`;
}

interface Setting {
  readonly path: readonly string[];
  readonly schema: JsonSchema;
}

function* settingsBelow(schema: JsonSchema, path: readonly string[]): Generator<Setting> {
  const named = Object.entries(schema.properties ?? {});
  const anyName = Object.values(schema.patternProperties ?? {})[0];
  const item = schema.items?.properties ? schema.items : undefined;
  for (const [name, part] of named) yield* settingsBelow(part, [...path, name]);
  if (anyName) yield* settingsBelow(anyName, [...path, "<name>"]);
  if (item) yield* settingsBelow(item, [...path, "[]"]);
  if (named.length === 0 && !anyName && !item) yield { path, schema };
}

function remarks({ description = "", writeOnly, "x-restart": waits }: JsonSchema): string {
  return [description, writeOnly ? "Secret." : "", waits ? "After a restart." : ""].join(" ").trim();
}
