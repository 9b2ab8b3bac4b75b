import { type Static, Type } from "@sinclair/typebox";
import { expectShape } from "../client/wire.ts";
import type { CliContext } from "../context.ts";
import { safeJson, safeLine } from "../safe-text.ts";

const Tried = Type.Object({ binding: Type.Integer(), rule: Type.String(), because: Type.String() });
const Explained = Type.Object({
  agentId: Type.String(),
  action: Type.String(),
  sessionKey: Type.String(),
  to: Type.Optional(
    Type.Object({
      channel: Type.String(),
      account: Type.Optional(Type.String()),
      chat: Type.String(),
      thread: Type.Optional(Type.String()),
    }),
  ),
  topic: Type.Optional(Type.Object({ setting: Type.String() })),
  gate: Type.Optional(Type.Object({ may: Type.Boolean(), because: Type.String(), activation: Type.String() })),
  broadcast: Type.Optional(
    Type.Object({
      strategy: Type.String(),
      answering: Type.Array(Type.Object({ agentId: Type.String(), sessionKey: Type.String() })),
      silent: Type.Array(Type.String()),
    }),
  ),
  decidedBy: Type.Optional(Tried),
  others: Type.Array(Tried),
});

export async function printRoute(context: CliContext, answer: unknown, json: boolean): Promise<number> {
  const { agentId, action, sessionKey, to, topic, gate, broadcast, decidedBy, others } = expectShape(
    Explained,
    answer,
    "explanation",
  );
  const by = decidedBy
    ? `bindings[${decidedBy.binding}] (${safeLine(decidedBy.rule)})`
    : "no binding: the default agent";
  const lines = [
    `action:   ${safeLine(action)}`,
    `agent:    ${safeLine(agentId)}`,
    `session:  ${safeLine(sessionKey)}`,
    ...(to ? [`to:       ${safeLine([to.channel, to.account, to.chat, to.thread].filter(Boolean).join(" "))}`] : []),
    ...(broadcast ? broadcastLines(broadcast) : []),
    ...(gate ? [`may:      ${gateLine(gate)}`] : []),
    ...(topic ? [`by:       ${safeLine(topic.setting)} of the chat, before any binding`] : []),
    `by:       ${by}`,
    ...others.map(
      ({ binding, rule, because }) => `not by:   bindings[${binding}] (${safeLine(rule)}): ${safeLine(because)}`,
    ),
  ];
  await context.stdout.write(json ? `${safeJson(answer)}\n` : `${lines.join("\n")}\n`);
  return 0;
}

function gateLine({ may, because, activation }: NonNullable<Static<typeof Explained>["gate"]>): string {
  const starts = activation === "always" ? "by whatever they say" : "where they mention the bot";
  return may ? `start turns there ${starts} (${safeLine(because)})` : `not start turns there (${safeLine(because)})`;
}

function broadcastLines({
  strategy,
  answering,
  silent,
}: NonNullable<Static<typeof Explained>["broadcast"]>): readonly string[] {
  return [
    `heard by: several agents, ${safeLine(strategy)}`,
    ...answering.map(({ agentId, sessionKey }) => `answers:  ${safeLine(agentId)} in ${safeLine(sessionKey)}`),
    ...silent.map((agentId) => `silent:   ${safeLine(agentId)}, because another one is named`),
  ];
}
