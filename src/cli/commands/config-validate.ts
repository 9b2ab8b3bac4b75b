import { configOption, defineCommand, jsonOption } from "../command.ts";
import { CommandFailed } from "../failure.ts";
import { safeJson, safeLine } from "../safe-text.ts";

export const configValidate = defineCommand({
  path: ["config", "validate"],
  summary: "Check the settings; exit code 1 when the gateway would not start with them.",
  options: { ...configOption, ...jsonOption },
  positionals: {},
  async run(context, { options }) {
    const { file, problems, warnings } = await context.checkConfig(options.config);
    if (problems.length > 0) throw new CommandFailed({ type: "configInvalid", message: problems.join("\n") });
    if (options.json) {
      await context.stdout.write(`${safeJson({ ok: true, file, warnings })}\n`);
      return 0;
    }
    for (const warning of warnings) await context.stdout.write(`warning: ${safeLine(warning)}\n`);
    await context.stdout.write(`${file} is in order.\n`);
    return 0;
  },
});
