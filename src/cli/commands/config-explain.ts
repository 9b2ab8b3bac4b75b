import { configOption, defineCommand, jsonOption } from "../command.ts";
import { safeJson, safeLine } from "../safe-text.ts";
import { columns } from "../table.ts";

export const configExplain = defineCommand({
  path: ["config", "explain"],
  summary: "Show for each setting its value, where that comes from, and the variable that would set it.",
  options: { ...configOption, ...jsonOption },
  positionals: { path: { description: "One setting or a group of them; all without it.", optional: true } },
  async run(context, { options, positionals: { path } }) {
    const { openSettings } = await import("../settings/open-settings.ts");
    const config = await openSettings(context, options);
    const values = config.explain(path);
    if (options.json) {
      await context.stdout.write(`${safeJson(values)}\n`);
      return 0;
    }
    const rows = values.map((known) => [
      known.path,
      known.value === undefined ? "(not set)" : safeLine(JSON.stringify(known.value) ?? ""),
      known.source,
      known.variable,
    ]);
    await context.stdout.write(`${columns([["setting", "value", "from", "variable"], ...rows])}\n`);
    const [only] = values;
    if (values.length === 1 && only?.description) await context.stdout.write(`\n${safeLine(only.description)}\n`);
    return 0;
  },
});
