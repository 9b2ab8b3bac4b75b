import { Type } from "@sinclair/typebox";
import { expectShape } from "../client/wire.ts";
import type { CliContext } from "../context.ts";
import { safeJson, safeLine } from "../safe-text.ts";

const Reloaded = Type.Object({ changed: Type.Array(Type.String()), restartRequired: Type.Array(Type.String()) });

export async function printReloaded(context: CliContext, answer: unknown, json: boolean): Promise<number> {
  const { changed, restartRequired } = expectShape(Reloaded, answer, "answer");
  const live = changed.filter((path) => !restartRequired.includes(path));
  const lines = [
    live.length === 0 ? "Nothing counts differently now." : `Counts from now on: ${live.join(", ")}.`,
    ...(restartRequired.length === 0 ? [] : [`Counts after a restart: ${restartRequired.join(", ")}.`]),
  ];
  await context.stdout.write(json ? `${safeJson(answer)}\n` : `${lines.map(safeLine).join("\n")}\n`);
  return 0;
}
