import { clip } from "#base";
import { Type } from "@sinclair/typebox";
import { asCalled } from "../called-as.ts";
import { expectShape } from "../client/wire.ts";
import type { CliContext } from "../context.ts";
import { safeJson, safeLine } from "../safe-text.ts";
import { columns } from "../table.ts";
import { duration } from "./duration.ts";

const Listing = Type.Object({
  sessions: Type.Array(
    Type.Object({
      key: Type.String(),
      updatedAt: Type.Number(),
      label: Type.Optional(Type.String()),
      preview: Type.Optional(Type.String()),
      messageCount: Type.Integer(),
      hasActiveRun: Type.Boolean(),
    }),
  ),
});

export const Deleted = Type.Object({ deleted: Type.Boolean() });

export async function printSessions(context: CliContext, answer: unknown, json: boolean): Promise<number> {
  const { sessions } = expectShape(Listing, answer, "list of sessions");
  if (json) {
    await context.stdout.write(`${safeJson(answer)}\n`);
    return 0;
  }
  if (sessions.length === 0) {
    await context.stdout.write(asCalled(context, "There are no sessions yet; `openclaw chat` starts one.\n"));
    return 0;
  }
  const rows = sessions.map(({ key, updatedAt, messageCount, hasActiveRun, label, preview }) => [
    safeLine(key),
    `${duration(Date.now() - updatedAt)} ago`,
    `${messageCount}`,
    hasActiveRun ? "running" : "",
    clip(safeLine(label ?? preview ?? ""), 60),
  ]);
  await context.stdout.write(`${columns([["session", "updated", "messages", "", "about"], ...rows])}\n`);
  return 0;
}
