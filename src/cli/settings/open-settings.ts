import type { Config, ConfigChange } from "#config";
import type { Target } from "../client/target.ts";
import type { CliContext } from "../context.ts";
import { safeJson, safeLine } from "../safe-text.ts";

export interface OpenOptions {
  readonly config: string | undefined;
  readonly isStrict?: boolean;
}

/** The settings as they count now, from the file alone: no gateway is needed. Warnings go to stderr. */
export async function openSettings(context: CliContext, { config: file }: OpenOptions): Promise<Config<unknown>> {
  const config = await context.openConfig({ file, tolerates: "absentVariables" });
  await printWarnings(context, config);
  return config;
}

/** The same to change them, also when they are wrong: what is still to be said is said behind the change. */
export function openForChange(
  context: CliContext,
  { config: file, isStrict = false }: OpenOptions,
): Promise<Config<unknown>> {
  return context.openConfig({ file, tolerates: "mistakes", isStrict });
}

async function printWarnings({ stderr }: CliContext, { warnings }: Config<unknown>): Promise<void> {
  for (const warning of warnings) await stderr.write(`warning: ${safeLine(warning)}\n`);
}

export interface PrintedChange {
  readonly config: Config<unknown>;
  readonly change: ConfigChange;
  /** What was changed, to be shown. */
  readonly path?: string;
  /** Who is to be told: the gateway of the settings, as they were. */
  readonly gateway?: Target | undefined;
  readonly json: boolean;
}

/** What is different now, and whether a gateway that runs has taken it up. A secret is shown as `explain` shows it. */
export async function printChange(context: CliContext, printed: PrintedChange): Promise<number> {
  const { config, change, path, gateway, json } = printed;
  const { changed } = change;
  await printWarnings(context, config);
  const { sayTold, tellGateway } = await import("./tell-gateway.ts");
  const told = await tellGateway(context, changed.length > 0 ? gateway : undefined);
  const restartRequired = told.isTaken ? told.restartRequired : changed;
  const document = { ok: true, file: config.file, changed, restartRequired, ...told };
  const lines = [...differences(config, changed, path), ...(changed.length > 0 ? [safeLine(sayTold(told))] : [])];
  await context.stdout.write(json ? `${safeJson(document)}\n` : `${lines.join("\n")}\n`);
  return !told.isTaken && told.problem !== undefined ? 1 : 0;
}

function differences(config: Config<unknown>, changed: readonly string[], path: string | undefined): readonly string[] {
  const now = path === undefined ? [] : config.explain(path);
  const heading =
    changed.length === 0 ? `Done in ${config.file}; no setting counts differently now` : `Changed ${config.file}`;
  const lines = [`${heading}${now.length === 0 ? "." : ":"}`];
  if (path === undefined && changed.length > 0) lines.push(`  ${changed.join(", ")}`);
  for (const { path: name, value, source, variable } of now) {
    lines.push(`  ${name} = ${value === undefined ? "(not set)" : safeLine(JSON.stringify(value) ?? "")}`);
    if (source === "environment") lines.push(`  The variable ${variable} is set, and counts more than the file.`);
  }
  return lines;
}
