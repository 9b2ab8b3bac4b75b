import type { Config, ConfigChange } from "#config";
import type { CliContext, ClientSettings } from "../context.ts";
import { safeJson, safeLine } from "../safe-text.ts";

export interface OpenOptions {
  readonly config: string | undefined;
  /** The caller shows the warnings itself. */
  readonly quiet?: boolean;
}

/** The settings as they count now, from the file alone: no gateway is needed. Warnings go to stderr. */
export async function openSettings(
  context: CliContext,
  { config: file, quiet = false }: OpenOptions,
): Promise<Config<ClientSettings>> {
  const config = await context.openConfig({ flags: {}, ...(file === undefined ? {} : { file }) });
  for (const warning of quiet ? [] : config.warnings) await context.stderr.write(`warning: ${safeLine(warning)}\n`);
  return config;
}

export interface PrintedChange {
  readonly config: Config<ClientSettings>;
  readonly change: ConfigChange;
  readonly path: string;
  readonly json: boolean;
}

/** What is different now. The value is shown as `explain` shows it: a secret stays one. */
export async function printChange(context: CliContext, { config, change, path, json }: PrintedChange): Promise<number> {
  const { changed, restartRequired } = change;
  if (json) {
    await context.stdout.write(`${safeJson({ ok: true, file: config.file, changed, restartRequired })}\n`);
    return 0;
  }
  const now = config.explain(path);
  const lines =
    changed.length === 0 ? [`Done in ${config.file}; no setting counts differently now:`] : [`Changed ${config.file}:`];
  for (const { path: name, value, source, variable } of now) {
    lines.push(`  ${name} = ${value === undefined ? "(not set)" : safeLine(JSON.stringify(value) ?? "")}`);
    if (source === "environment") lines.push(`  The variable ${variable} is set, and counts more than the file.`);
  }
  if (restartRequired.length > 0) lines.push(`After a restart of the gateway: ${restartRequired.join(", ")}.`);
  await context.stdout.write(`${lines.join("\n")}\n`);
  return 0;
}
