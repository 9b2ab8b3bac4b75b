import { defineCommand, jsonOption } from "../command.ts";

export const backupVerify = defineCommand({
  path: ["backup", "verify"],
  summary: "Unpack a backup and look at all of it: every file, every session's chain.",
  options: jsonOption,
  positionals: { file: { description: "The backup." } },
  async run(context, { options, positionals }) {
    const { verifyBackup } = await import("../reports/backup.ts");
    return verifyBackup(context, positionals.file, options.json);
  },
});
