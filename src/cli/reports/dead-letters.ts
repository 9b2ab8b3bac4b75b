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

const Updates = Type.Object({
  updates: Type.Array(
    Type.Object({
      id: Type.String(),
      at: Type.Integer(),
      problem: Type.String(),
      isWhole: Type.Boolean(),
      from: Type.Optional(Type.Object({ channel: Type.String(), chat: Type.String() })),
      text: Type.Optional(Type.String()),
    }),
  ),
});

export async function printDeadLetters(
  context: CliContext,
  { outgoing, incoming }: { readonly outgoing: unknown; readonly incoming: unknown },
  json: boolean,
): Promise<number> {
  const { deliveries } = expectShape(Deliveries, outgoing, "list of deliveries");
  const { updates } = expectShape(Updates, incoming, "list of updates");
  if (json) {
    await context.stdout.write(`${safeJson({ deliveries, updates })}\n`);
    return 0;
  }
  if (deliveries.length + updates.length === 0) {
    await context.stdout.write("Nothing was given up.\n");
    return 0;
  }
  const out = deliveries.map(({ id, to, text, attempts, deadAt = Date.now(), problem = "", mayBeSent }) => [
    id,
    "out",
    `${to.channel} ${to.chat}`,
    ago(deadAt),
    `${attempts}`,
    clip(`${problem}${mayBeSent ? " (may have arrived)" : ""}`, 50),
    clip(text, 40),
  ]);
  const into = updates.map(({ id, at, from, problem, isWhole, text = "" }) => [
    id,
    "in",
    from ? `${from.channel} ${from.chat}` : "",
    ago(at),
    "",
    clip(`${problem}${isWhole ? "" : " (not kept whole)"}`, 50),
    clip(text, 40),
  ]);
  const rows = [...out, ...into].map((row) => row.map(safeLine));
  await context.stdout.write(`${columns([["id", "", "chat", "given up", "tries", "because", "text"], ...rows])}\n`);
  return 0;
}

function ago(at: number): string {
  return `${duration(Date.now() - at)} ago`;
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
