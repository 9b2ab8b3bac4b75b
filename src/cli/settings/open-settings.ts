import type { Config, ConfigChange } from "#config";
import type { CliContext } from "../context.ts";
import { safeJson, safeLine } from "../safe-text.ts";

export interface OpenOptions {
  readonly config: string | undefined;
}

/** The settings as they count now, from the file alone: no gateway is needed. Warnings go to stderr. */
export async function openSettings(context: CliContext, { config: file }: OpenOptions): Promise<Config<unknown>> {
  const config = await context.openConfig({ file, tolerates: "absentVariables" });
  await printWarnings(context, config);
  return config;
}

/** The same to change them, also when they are wrong: what is still to be said is said behind the change. */
export function openForChange(context: CliContext, { config: file }: OpenOptions): Promise<Config<unknown>> {
  return context.openConfig({ file, tolerates: "mistakes" });
}

async function printWarnings({ stderr }: CliContext, { warnings }: Config<unknown>): Promise<void> {
  for (const warning of warnings) await stderr.write(`warning: ${safeLine(warning)}\n`);
}

export interface PrintedChange {
  readonly config: Config<unknown>;
  readonly change: ConfigChange;
  readonly path: string;
  readonly json: boolean;
}

/** What is different now. The value is shown as `explain` shows it: a secret stays one. */
export async function printChange(context: CliContext, { config, change, path, json }: PrintedChange): Promise<number> {
  const { changed, restartRequired } = change;
  await printWarnings(context, config);
  if (json) {
    await context.stdout.write(`${safeJson({ ok: true, file: config.file, changed, restartRequired })}\n`);
    return 0;
  }
  const now = config.explain(path);
  const heading =
    changed.length === 0 ? `Done in ${config.file}; no setting counts differently now` : `Changed ${config.file}`;
  const lines = [`${heading}${now.length === 0 ? "." : ":"}`];
  for (const { path: name, value, source, variable } of now) {
    lines.push(`  ${name} = ${value === undefined ? "(not set)" : safeLine(JSON.stringify(value) ?? "")}`);
    if (source === "environment") lines.push(`  The variable ${variable} is set, and counts more than the file.`);
  }
  if (restartRequired.length > 0) lines.push(`After a restart of the gateway: ${restartRequired.join(", ")}.`);
  await context.stdout.write(`${lines.join("\n")}\n`);
  return 0;
}
