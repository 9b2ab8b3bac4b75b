import { configOption, defineCommand, jsonOption } from "../command.ts";

export const doctorStorage = defineCommand({
  path: ["doctor", "storage"],
  summary: "Read all that is stored and name what is not as it was written, also while the gateway runs.",
  options: { ...configOption, ...jsonOption },
  positionals: {},
  async run(context, { options }) {
    const { inspectStorage } = await import("../reports/inspection.ts");
    return inspectStorage(context, { file: options.config, isJson: options.json });
  },
});
