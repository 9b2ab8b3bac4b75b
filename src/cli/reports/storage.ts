import { Secret } from "#base";
import type { CliContext, StorageCount } from "../context.ts";
import { safeJson, safeLine } from "../safe-text.ts";
import { columns } from "../table.ts";

export async function printStorage(context: CliContext, count: StorageCount, isJson: boolean): Promise<number> {
  const { backend, where, rows } = count;
  if (isJson) {
    await context.stdout.write(`${safeJson({ ok: true, ...count })}\n`);
    return 0;
  }
  const lines = [["backend", backend], ["where", safeLine(where)], ...countLines(rows)];
  await context.stdout.write(`${columns(lines)}\n`);
  return 0;
}

/** The rows of the result go to stdout; how far it is, to stderr. */
export async function migrateStorage(
  context: CliContext,
  { to, file, isJson }: { readonly to: string; readonly file: string | undefined; readonly isJson: boolean },
): Promise<number> {
  const copied = await context.storage.copyTo(new Secret(to), {
    file,
    onProgress: async ({ step, table, rows, of }) => {
      if (!isJson && (step === "verified" || rows === of))
        await context.stderr.write(step === "copied" ? `${table}: ${rows} copied\n` : `${table}: ${rows} compared\n`);
      else if (!isJson && context.stderr.isTty) await context.stderr.write(`${table}: ${rows} of ${of}\r`);
    },
  });
  if (isJson) {
    await context.stdout.write(`${safeJson({ ok: true, ...copied })}\n`);
    return 0;
  }
  const { from, to: there, rows } = copied;
  const next = `The settings still say ${from}; set storage.url to use ${there}.`;
  await context.stdout.write(`${columns(countLines(rows))}\n${safeLine(next)}\n`);
  return 0;
}

function countLines(rows: StorageCount["rows"]): string[][] {
  return Object.entries(rows).map(([name, count]) => [name, String(count)]);
}
