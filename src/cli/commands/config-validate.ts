import { configOption, defineCommand, jsonOption } from "../command.ts";
import { safeJson, safeLine } from "../safe-text.ts";

export const configValidate = defineCommand({
  path: ["config", "validate"],
  summary: "Check the settings; exit code 1 when the gateway would not start with them.",
  options: { ...configOption, ...jsonOption },
  positionals: {},
  async run(context, { options }) {
    const { openSettings } = await import("../settings/open-settings.ts");
    const { file, warnings } = await openSettings(context, { ...options, quiet: true });
    if (options.json) {
      await context.stdout.write(`${safeJson({ ok: true, file, warnings })}\n`);
      return 0;
    }
    for (const warning of warnings) await context.stdout.write(`warning: ${safeLine(warning)}\n`);
    await context.stdout.write(`${file} is in order.\n`);
    return 0;
  },
});
