import { Type } from "@sinclair/typebox";
import { expectShape } from "../client/wire.ts";
import type { CliContext } from "../context.ts";
import { safeJson, safeLine } from "../safe-text.ts";

const Tried = Type.Object({ binding: Type.Integer(), rule: Type.String(), because: Type.String() });
const Explained = Type.Object({
  agentId: Type.String(),
  action: Type.String(),
  sessionKey: Type.String(),
  decidedBy: Type.Optional(Tried),
  others: Type.Array(Tried),
});

export async function printRoute(context: CliContext, answer: unknown, json: boolean): Promise<number> {
  const { agentId, action, sessionKey, decidedBy, others } = expectShape(Explained, answer, "explanation");
  const by = decidedBy
    ? `bindings[${decidedBy.binding}] (${safeLine(decidedBy.rule)})`
    : "no binding: the agent there is";
  const lines = [
    `action:   ${safeLine(action)}`,
    `agent:    ${safeLine(agentId)}`,
    `session:  ${safeLine(sessionKey)}`,
    `by:       ${by}`,
    ...others.map(
      ({ binding, rule, because }) => `not by:   bindings[${binding}] (${safeLine(rule)}): ${safeLine(because)}`,
    ),
  ];
  await context.stdout.write(json ? `${safeJson(answer)}\n` : `${lines.join("\n")}\n`);
  return 0;
}
