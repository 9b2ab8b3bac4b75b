import { defineCommand, jsonOption } from "../command.ts";

export const version = defineCommand({
  path: ["version"],
  summary: "Show the version, and those of protocols and stored forms.",
  options: jsonOption,
  positionals: {},
  async run({ stdout, version: known }, { options }) {
    const schemas = await known.schemas();
    const all = {
      name: "openclaw",
      ...known,
      schemas,
      bun: Bun.version,
      platform: process.platform,
      arch: process.arch,
    };
    if (options.json) {
      await stdout.write(`${JSON.stringify(all, undefined, 2)}\n`);
      return 0;
    }
    const lines = [
      `openclaw ${all.version}${all.commit === undefined ? "" : ` (${all.commit})`}`,
      `bun ${all.bun} on ${all.platform}-${all.arch}`,
      ...Object.entries(all.protocols).map(([name, spoken]) => `protocol ${name} ${spoken}`),
      ...Object.entries(all.schemas).map(([name, form]) => `schema ${name} ${form}`),
    ];
    await stdout.write(`${lines.join("\n")}\n`);
    return 0;
  },
});
