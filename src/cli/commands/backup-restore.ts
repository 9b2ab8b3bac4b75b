import { defineCommand, jsonOption } from "../command.ts";

export const backupRestore = defineCommand({
  path: ["backup", "restore"],
  summary: "Put a backup into this home, when all of it is in order and no gateway runs.",
  options: {
    ...jsonOption,
    replace: { type: "boolean", description: "Put aside what is in the home." },
  },
  positionals: { file: { description: "The backup." } },
  async run(context, { options, positionals }) {
    const { restoreBackup } = await import("../reports/backup.ts");
    return restoreBackup(context, { file: positionals.file, replaces: options.replace, isJson: options.json });
  },
});
