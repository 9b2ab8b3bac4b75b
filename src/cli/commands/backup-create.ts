import { configOption, defineCommand, jsonOption } from "../command.ts";

export const backupCreate = defineCommand({
  path: ["backup", "create"],
  summary: "Write all sessions and the settings into one file, also while the gateway runs.",
  options: {
    ...configOption,
    ...jsonOption,
    withSecrets: { type: "boolean", description: "Also tokens and stored credentials; keep such a file to yourself." },
  },
  positionals: {
    file: { description: "Where to; a name with the time of day in this folder when absent.", optional: true },
  },
  examples: ["openclaw backup create", "openclaw backup create monday.tar --with-secrets"],
  async run(context, { options, positionals }) {
    const { createBackup } = await import("../reports/backup.ts");
    const { withSecrets, config: settingsFile, json: isJson } = options;
    return createBackup(context, { file: positionals.file, withSecrets, settingsFile, isJson });
  },
});
