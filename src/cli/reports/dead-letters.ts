import { clip } from "#base";
import { Type } from "@sinclair/typebox";
import { expectShape } from "../client/wire.ts";
import type { CliContext } from "../context.ts";
import { safeJson, safeLine } from "../safe-text.ts";
import { columns } from "../table.ts";
import { duration } from "./duration.ts";

const Deliveries = Type.Object({
  deliveries: Type.Array(
    Type.Object({
      id: Type.String(),
      to: Type.Object({ channel: Type.String(), chat: Type.String() }),
      text: Type.String(),
      attempts: Type.Integer(),
      deadAt: Type.Optional(Type.Integer()),
      problem: Type.Optional(Type.String()),
      mayBeSent: Type.Boolean(),
    }),
  ),
});

export async function printDeadLetters(context: CliContext, answer: unknown, json: boolean): Promise<number> {
  const { deliveries } = expectShape(Deliveries, answer, "list of deliveries");
  if (json) {
    await context.stdout.write(`${safeJson(answer)}\n`);
    return 0;
  }
  if (deliveries.length === 0) {
    await context.stdout.write("Nothing was given up.\n");
    return 0;
  }
  const rows = deliveries.map(({ id, to, text, attempts, deadAt = Date.now(), problem = "", mayBeSent }) => [
    safeLine(id),
    safeLine(`${to.channel} ${to.chat}`),
    `${duration(Date.now() - deadAt)} ago`,
    `${attempts}`,
    clip(safeLine(`${problem}${mayBeSent ? " (may have arrived)" : ""}`), 50),
    clip(safeLine(text), 40),
  ]);
  await context.stdout.write(`${columns([["id", "chat", "given up", "tries", "because", "text"], ...rows])}\n`);
  return 0;
}

const Settled = Type.Object({ id: Type.String() });

export async function printSettled(
  context: CliContext,
  answer: unknown,
  { past, json }: { readonly past: string; readonly json: boolean },
): Promise<number> {
  const { id } = expectShape(Settled, answer, "answer");
  await context.stdout.write(json ? `${safeJson(answer)}\n` : `The message ${safeLine(id)} was ${past}.\n`);
  return 0;
}
