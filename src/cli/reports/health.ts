import { Type } from "@sinclair/typebox";
import { expectShape } from "../client/wire.ts";
import type { CliContext } from "../context.ts";
import { safeJson, safeLine } from "../safe-text.ts";
import { styleFor } from "../style.ts";
import { columns } from "../table.ts";

const Health = Type.Object({
  status: Type.String(),
  ok: Type.Boolean(),
  components: Type.Record(Type.String(), Type.String()),
  reasons: Type.Record(Type.String(), Type.String()),
});

/** Prints a health report; the exit code is 1 when it says that the gateway cannot work. */
export async function printHealth(context: CliContext, answer: unknown, json: boolean): Promise<number> {
  const { status, ok, components, reasons } = expectShape(Health, answer, "health report");
  if (json) {
    await context.stdout.write(`${safeJson(answer)}\n`);
    return ok ? 0 : 1;
  }
  const style = styleFor(context.stdout, context);
  const rows = Object.entries(components).map(([name, state]) => [name, state, reasons[name] ?? ""].map(safeLine));
  const title = ok ? style.bold(safeLine(status)) : style.red(safeLine(status));
  await context.stdout.write(`${title}\n${columns(rows, "  ")}\n`);
  return ok ? 0 : 1;
}
