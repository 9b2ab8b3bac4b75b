import { parseJson } from "#base";
import { configOption, defineCommand, jsonOption } from "../command.ts";
import { misuse } from "../failure.ts";

const mostPatchBytes = 1024 * 1024;

export const configPatch = defineCommand({
  path: ["config", "patch"],
  summary: "Change several settings at once by a JSON merge patch; all of them or none.",
  options: { ...configOption, ...jsonOption },
  positionals: { patch: { description: "A JSON object, where null takes a setting out; - reads it from stdin." } },
  examples: [`openclaw config patch '{"channels":{"telegram":{"dm_policy":"allowlist","allow_from":["42"]}}}'`],
  async run(context, { options, positionals }) {
    const [{ openForChange, printChange }, { findGateway }] = await Promise.all([
      import("../settings/open-settings.ts"),
      import("../settings/tell-gateway.ts"),
    ]);
    const text = positionals.patch === "-" ? await context.stdin.readAll(mostPatchBytes) : positionals.patch;
    const patch = readPatch(text);
    const gateway = await findGateway(context, options.config);
    const config = await openForChange(context, { ...options, isStrict: true });
    return printChange(context, { config, change: await config.patch(patch), gateway, json: options.json });
  },
});

function readPatch(text: string): Record<string, unknown> {
  const patch = parseJson(text);
  if (typeof patch === "object" && patch !== null && !Array.isArray(patch)) return { ...patch };
  throw misuse("The patch is no JSON object.", 'Like \'{"messages":{"group_history":5}}\', in single quotes.');
}
