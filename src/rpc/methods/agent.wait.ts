import { type Static, Type } from "@sinclair/typebox";
import { fault, type TranscriptRow, Usage } from "#protocol";
import { closed, defineMethod, type MethodContext } from "../method.ts";

const mostRows = 1_000;

export const RunOutcome = Type.Object({
  runId: Type.String(),
  sessionKey: Type.String(),
  status: Type.Union([Type.Literal("ok"), Type.Literal("aborted"), Type.Literal("error"), Type.Literal("timeout")], {
    description: "`timeout` when it had not ended in time: then it goes on.",
  }),
  startedAt: Type.Integer({ description: "Milliseconds since 1970." }),
  endedAt: Type.Optional(Type.Integer()),
  stopReason: Type.Optional(Type.String()),
  text: Type.String({ description: "What the agent said, the steps joined by blank lines." }),
  error: Type.Optional(Type.String()),
  provider: Type.Optional(Type.String()),
  model: Type.Optional(Type.String()),
  usage: Type.Optional(Usage),
});
export type RunOutcome = Static<typeof RunOutcome>;

export const agentWait = defineMethod({
  name: "agent.wait",
  summary: "Waits for the end of a run and tells how it ended.",
  scope: "operator.write",
  effect: "none",
  params: Type.Object(
    {
      runId: Type.String({ minLength: 1, maxLength: 128 }),
      timeoutMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 3_600_000, default: 30_000 })),
    },
    closed,
  ),
  result: RunOutcome,
  handle: async ({ runId, timeoutMs = 30_000 }, context) => {
    // Watched before it is looked up, so that an end between the two is not missed.
    using watch = context.watch(runId);
    const run = await context.services.sessions.run(runId);
    if (!run) throw fault.runNotFound({ run: runId });
    if (run.stopReason === undefined) await watch.ended(timeoutMs, context.signal);
    return await outcomeOf(runId, context);
  },
});

async function outcomeOf(runId: string, { services: { sessions } }: MethodContext): Promise<RunOutcome> {
  const run = await sessions.run(runId);
  if (!run) throw fault.runNotFound({ run: runId });
  const { key, startedAt, endedAt, stopReason } = run;
  if (stopReason === undefined) return { runId, sessionKey: key, status: "timeout", startedAt, text: "" };
  const { rows } = await sessions.history(key, { limit: mostRows });
  const said = rows.filter((row) => row.runId === runId && row.role === "assistant");
  return {
    runId,
    sessionKey: key,
    status: stopReason === "aborted" || stopReason === "error" ? stopReason : "ok",
    startedAt,
    ...(endedAt !== undefined && { endedAt }),
    stopReason,
    text: said.map(textOf).filter(Boolean).join("\n\n"),
    ...answeredBy(said.at(-1)),
  };
}

function answeredBy(last: TranscriptRow | undefined): Pick<RunOutcome, "error" | "provider" | "model" | "usage"> {
  const { errorMessage: error, provider, model, usage } = last ?? {};
  return {
    ...(error !== undefined && { error }),
    ...(provider !== undefined && { provider }),
    ...(model !== undefined && { model }),
    ...(usage && { usage }),
  };
}

function textOf({ content }: TranscriptRow): string {
  return content.map((block) => (block.type === "text" ? block.text : "")).join("");
}
