import { type Static, Type } from "@sinclair/typebox";
import { Check } from "@sinclair/typebox/value";
import { Usage } from "#protocol";
import { MessageText } from "../../message-text.ts";
import type { AnyMethod } from "../../method.ts";
import { agent as agentMethod } from "../../methods/agent.ts";
import { agentWait, type RunOutcome } from "../../methods/agent.wait.ts";
import { IdempotencyKey } from "../../methods/chat.send.ts";
import { AgentId, agentOf, SessionKey } from "../../session-key.ts";
import { adapt, open } from "./adapter.ts";
import { SentAttachments, sentAttachments } from "./attachments.ts";

const longestRunMs = 3_600_000;

const AgentParams = Type.Object(
  {
    message: MessageText,
    idempotencyKey: IdempotencyKey,
    agentId: Type.Optional(AgentId),
    sessionKey: Type.Optional(SessionKey),
    attachments: SentAttachments,
    deliver: Type.Optional(Type.Literal(false, { description: "The answer is read here; it goes to no channel." })),
  },
  open,
);

export const agent: readonly AnyMethod[] = [
  adapt(agentMethod, {
    params: AgentParams,
    ask: ({ message, attachments, idempotencyKey, agentId, sessionKey = "main" }) => ({
      ...sentAttachments(attachments),
      message,
      idempotencyKey,
      sessionKey,
      ...(agentId !== undefined && { agentId }),
    }),
    answer: (result, { context }) => {
      context.interests().started(result.runId);
      return { ...result, agentId: agentOf(result.sessionKey) };
    },
  }),
  adapt(agentWait, { params: agentWait.params, ask: (theirs) => theirs, answer: waitAnswer }),
];

const Accepted = Type.Object({ runId: Type.String(), status: Type.String() });

/** The second answer to `agent`, under the same id: what became of the run. Undefined where the first says it all. */
export async function finishAgent(
  first: unknown,
  call: (method: string, params: unknown) => Promise<unknown>,
): Promise<unknown> {
  if (!Check(Accepted, first)) throw new Error("agent was answered with something else than a run");
  const { runId, status } = first;
  if (status === "in_flight") return undefined;
  const ended = await call(agentWait.name, { runId, timeoutMs: longestRunMs });
  if (!Check(WaitAnswer, ended)) throw new Error("agent.wait was answered with something else than an outcome");
  if (ended.status === "error") return { runId, status: "error", summary: ended.error ?? "failed" };
  const { provider, model, usage, startedAt, endedAt = startedAt, stopReason } = ended;
  const total = usage && { total: usage.input + usage.output };
  return {
    runId,
    status: ended.status,
    summary: ended.status === "ok" ? "completed" : "aborted",
    ...(stopReason !== undefined && { stopReason }),
    result: {
      payloads: ended.terminalReply ? [{ text: ended.terminalReply.text, mediaUrl: null }] : [],
      meta: { durationMs: endedAt - startedAt, agentMeta: { provider, model, usage: usage && { ...usage, ...total } } },
    },
  };
}

const WaitAnswer = Type.Object({
  runId: Type.String(),
  status: Type.Union([Type.Literal("ok"), Type.Literal("error"), Type.Literal("timeout")]),
  startedAt: Type.Integer(),
  endedAt: Type.Optional(Type.Integer()),
  stopReason: Type.Optional(Type.String()),
  error: Type.Optional(Type.String()),
  provider: Type.Optional(Type.String()),
  model: Type.Optional(Type.String()),
  usage: Type.Optional(Usage),
  terminalReply: Type.Optional(Type.Object({ disposition: Type.Literal("visible"), text: Type.String() })),
});

/** A run that was stopped has run out of time here, for which its stop reason is `rpc`. */
function waitAnswer({ text, status, stopReason, ...outcome }: RunOutcome): Static<typeof WaitAnswer> {
  return {
    ...outcome,
    ...(status === "aborted"
      ? { status: "timeout", stopReason: "rpc" }
      : { status, ...(stopReason !== undefined && { stopReason }) }),
    ...(text !== "" && { terminalReply: { disposition: "visible", text } }),
  };
}
