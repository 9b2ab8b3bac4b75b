import { configOption, defineCommand, jsonOption } from "../command.ts";
import { misuse } from "../failure.ts";

export const storageMigrate = defineCommand({
  path: ["storage", "migrate"],
  summary: "Copy everything into another, empty storage while the gateway is stopped.",
  options: {
    ...configOption,
    ...jsonOption,
    to: {
      type: "string",
      placeholder: "url",
      description: "sqlite, or postgres://user@host/database; a password may come from PGPASSWORD, which nobody sees.",
    },
  },
  positionals: {},
  examples: ["openclaw storage migrate --to postgres://openclaw@db.internal/openclaw"],
  async run(context, { options }) {
    if (options.to === undefined) throw misuse("--to is missing.", "Like --to postgres://user@host/database.");
    const { migrateStorage } = await import("../reports/storage.ts");
    return migrateStorage(context, { to: options.to, file: options.config, isJson: options.json });
  },
});
