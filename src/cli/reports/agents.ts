import { Type } from "@sinclair/typebox";
import { expectShape } from "../client/wire.ts";
import type { CliContext } from "../context.ts";
import { safeJson, safeLine } from "../safe-text.ts";
import { columns } from "../table.ts";

const Listing = Type.Object({
  agents: Type.Array(
    Type.Object({
      id: Type.String(),
      name: Type.Optional(Type.String()),
      isDefault: Type.Boolean(),
      model: Type.Optional(Type.String()),
      tools: Type.Array(Type.String()),
    }),
  ),
});

export async function printAgents(context: CliContext, answer: unknown, json: boolean): Promise<number> {
  const { agents } = expectShape(Listing, answer, "list of agents");
  const rows = agents.map(({ id, name, isDefault, model, tools }) => [
    `${safeLine(id)}${isDefault ? " (default)" : ""}`,
    safeLine(name ?? "-"),
    safeLine(model ?? "none"),
    safeLine(tools.join(", ") || "none"),
  ]);
  await context.stdout.write(
    json ? `${safeJson(answer)}\n` : `${columns([["agent", "name", "model", "tools"], ...rows])}\n`,
  );
  return 0;
}
