import { clip } from "#base";
import { type Static, Type } from "@sinclair/typebox";
import { ContentBlock, expectShape, textOf } from "../client/wire.ts";
import type { CliContext } from "../context.ts";
import { safeJson, safeLine, safeText } from "../safe-text.ts";
import { styleFor } from "../style.ts";

const Row = Type.Object({
  role: Type.String(),
  content: Type.Array(Type.Composite([ContentBlock, Type.Object({ name: Type.Optional(Type.String()) })])),
  timestamp: Type.Number(),
  toolName: Type.Optional(Type.String()),
  errorMessage: Type.Optional(Type.String()),
});

const History = Type.Object({ messages: Type.Array(Row), hasMore: Type.Boolean() });

export async function printHistory(context: CliContext, answer: unknown, json: boolean): Promise<number> {
  const { messages, hasMore } = expectShape(History, answer, "history");
  if (json) {
    await context.stdout.write(`${safeJson(answer)}\n`);
    return 0;
  }
  const style = styleFor(context.stdout, context);
  if (hasMore) await context.stdout.write(`${style.dim("… older messages are not shown; --limit shows more")}\n\n`);
  if (messages.length === 0) await context.stdout.write("Nothing was said here yet.\n");
  for (const row of messages) {
    const title = style.bold(`${safeLine(row.toolName ?? row.role)} · ${timeOf(row.timestamp)}`);
    await context.stdout.write(`${title}\n${bodyOf(row)}\n\n`);
  }
  return 0;
}

function bodyOf({ role, content, errorMessage }: Static<typeof Row>): string {
  const text = safeText(textOf(content)).trimEnd();
  const calls = content.filter(({ type }) => type === "toolCall").map(({ name }) => `→ ${safeLine(name ?? "tool")}`);
  const error = errorMessage === undefined ? [] : [`failed: ${safeText(errorMessage)}`];
  const shown = role === "toolResult" && text.length > 500 ? `${clip(text, 500)}…` : text;
  return [...(shown === "" ? [] : [shown]), ...calls, ...error].join("\n");
}

function timeOf(timestamp: number): string {
  const time = new Date(timestamp);
  return Number.isNaN(time.getTime()) ? "?" : time.toISOString().slice(0, 19).replace("T", " ");
}
