import { asCalled } from "../called-as.ts";
import type { CliContext } from "../context.ts";
import { safeJson, safeLine } from "../safe-text.ts";
import { showProgress } from "./progress.ts";

export interface BackupRequest {
  readonly file: string | undefined;
  readonly withSecrets: boolean;
  readonly settingsFile: string | undefined;
  readonly isJson: boolean;
}

export async function createBackup(context: CliContext, request: BackupRequest): Promise<number> {
  const { withSecrets, settingsFile, isJson } = request;
  const stamp = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, "");
  const file = request.file ?? `openclaw-${stamp}.tar`;
  const made = await context.backups.create({
    file,
    withSecrets,
    settingsFile,
    onProgress: showProgress(context, isJson),
  });
  if (isJson) return say(context, safeJson({ ok: true, ...made }));
  await warn(context, made.warnings);
  const size = `${(made.bytes / 1_048_576).toFixed(1)} MiB`;
  return say(context, `Wrote ${counted(made.counts)} to ${safeLine(file)} (${size}): ${made.entries.join(", ")}.`);
}

export async function verifyBackup(context: CliContext, file: string, isJson: boolean): Promise<number> {
  const found = await context.backups.verify({ file, onProgress: showProgress(context, isJson) });
  if (isJson) return say(context, safeJson({ ok: true, file, ...found }));
  const { createdAt, version, counts, hasSecrets, warnings } = found;
  await warn(context, warnings);
  const secrets = hasSecrets ? ", with secrets" : "";
  return say(
    context,
    `${warnings.length === 0 ? "In order" : "As it was written"}: ${counted(counts)}, made ${safeLine(createdAt)} by ${safeLine(version)}${secrets}.`,
  );
}

export async function restoreBackup(
  context: CliContext,
  { file, replaces, isJson }: { readonly file: string; readonly replaces: boolean; readonly isJson: boolean },
): Promise<number> {
  const restored = await context.backups.restore({ file, replaces, onProgress: showProgress(context, isJson) });
  if (isJson) return say(context, safeJson({ ok: true, ...restored }));
  await warn(context, restored.warnings);
  const aside = restored.aside === undefined ? "" : ` What was there lies in ${safeLine(restored.aside)}.`;
  return say(context, `Restored ${counted(restored.counts)} into ${safeLine(restored.home)}.${aside}`);
}

async function warn(context: CliContext, warnings: readonly string[]): Promise<void> {
  for (const warning of warnings) await context.stderr.write(`Warning: ${safeLine(asCalled(context, warning))}.\n`);
}

async function say(context: CliContext, text: string): Promise<number> {
  await context.stdout.write(`${text}\n`);
  return 0;
}

function counted(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([name, count]) => `${count} ${name}`)
    .join(", ");
}
