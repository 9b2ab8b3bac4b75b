import { asCalled } from "../called-as.ts";
import type { CliContext, StorageFinding } from "../context.ts";
import { safeJson, safeLine } from "../safe-text.ts";
import { styleFor } from "../style.ts";
import { showProgress } from "./progress.ts";

/** Says what was found; the exit code is 1 when that is anything. How far it is goes to stderr. */
export async function inspectStorage(
  context: CliContext,
  { file, isJson }: { readonly file: string | undefined; readonly isJson: boolean },
): Promise<number> {
  const { where, found, findings, counts } = await context.storage.inspect({
    file,
    onProgress: showProgress(context, isJson),
  });
  const exitCode = found === 0 ? 0 : 1;
  if (isJson) {
    await context.stdout.write(`${safeJson({ ok: found === 0, where, found, findings, counts })}\n`);
    return exitCode;
  }
  const style = styleFor(context.stdout, context);
  for (const finding of findings)
    await context.stdout.write(`${style.red("damaged")} ${safeLine(describe(finding))}\n`);
  if (found > findings.length) await context.stdout.write(`and ${found - findings.length} more\n`);
  for (const remedy of remediesFor(findings)) await context.stdout.write(`${asCalled(context, remedy)}\n`);
  const read = Object.entries(counts).map(([name, count]) => `${count} ${name}`);
  const verdict = found === 0 ? "in order" : `${found} ${found === 1 ? "problem" : "problems"}`;
  await context.stdout.write(`${style.bold(verdict)}: ${read.join(", ")} in ${safeLine(where)}\n`);
  return exitCode;
}

/** What a person can do, with the least first. */
function remediesFor(findings: readonly StorageFinding[]): readonly string[] {
  if (findings.length === 0) return [];
  const has = (where: StorageFinding["where"]) => findings.some((finding) => finding.where === where);
  return [
    ...(has("session")
      ? [
          "A damaged session is refused, the others work: /new in it begins it anew and keeps its old log, `openclaw sessions delete <key>` takes all of the key's logs away.",
        ]
      : []),
    ...(has("outbox")
      ? ["A damaged delivery is not sent: `openclaw channels dead-letters drop <id>` takes it away."]
      : []),
    "A good backup mends it all: `openclaw backup restore <file> --replace`, while the gateway is stopped.",
  ];
}

function describe({ where, problem, key, sessionId, seq }: StorageFinding): string {
  const session = key ?? sessionId;
  const place = [session === undefined ? where : `${where} of ${session}`, seq === undefined ? "" : `at seq ${seq}`];
  return `${place.filter((part) => part !== "").join(" ")}: ${problem}`;
}
