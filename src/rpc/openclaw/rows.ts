import type { TranscriptRow } from "#protocol";
import type { Services } from "../services.ts";
import type { SessionRow } from "../session-row.ts";

/** The agent that a canonical session key names. */
export function agentOf(sessionKey: string): string {
  return sessionKey.split(":", 2)[1] ?? "main";
}

/** A row of the transcript: the fields of ours that clients look for in `__openclaw` are there, and only there. */
export function rowOf({ id, seq, runId, sender, usage, ...row }: TranscriptRow) {
  const { timestamp, idempotencyKey } = row;
  return {
    ...row,
    ...(usage && { usage: { ...usage, totalTokens: usage.input + usage.output + usage.cacheRead + usage.cacheWrite } }),
    __openclaw: {
      id,
      seq,
      recordTimestampMs: timestamp,
      ...(runId !== undefined && { runId }),
      ...(idempotencyKey !== undefined && { idempotencyKey }),
      ...(sender !== undefined && { senderId: sender, senderIsOwner: true }),
    },
  };
}

/** A session as lists show it. */
export function sessionRowOf(row: SessionRow, services: Services) {
  const { key, sessionId, agentId, updatedAt, createdAt, label, thinking, verbose, preview, usage, hasActiveRun } = row;
  const { gateway } = services;
  const runs = hasActiveRun ? gateway.activeRuns().filter((run) => run.sessionKey === key) : [];
  return {
    key,
    kind: isGroup(key) ? "group" : "direct",
    agentId,
    sessionId,
    createdAt,
    updatedAt,
    lastActivityAt: updatedAt,
    ...modelFields(row.model ?? defaultModel(services)),
    ...(label !== undefined && { label, displayName: label }),
    ...(thinking !== undefined && { thinkingLevel: thinking }),
    ...(verbose !== undefined && { verboseLevel: verbose }),
    ...(preview !== undefined && { lastMessagePreview: preview }),
    inputTokens: usage.input,
    outputTokens: usage.output,
    hasActiveRun,
    activeRunIds: runs.map((run) => run.runId),
    status: hasActiveRun ? "running" : "done",
  };
}

export function defaultModel({ models }: Services): string | undefined {
  return models().find((model) => model.isDefault)?.id;
}

/** `provider/model` in two fields; the model's own name may hold slashes. */
export function modelFields(id: string | undefined): { readonly modelProvider?: string; readonly model?: string } {
  if (id === undefined) return {};
  const [modelProvider = "", ...model] = id.split("/");
  return { modelProvider, model: model.join("/") };
}

/** What a session has that chooses nothing. */
export function sessionDefaults(services: Services) {
  const model = services.models().find((one) => one.isDefault);
  return { ...modelFields(model?.id), ...(model && { contextTokens: model.contextWindow }) };
}

function isGroup(key: string): boolean {
  const parts = key.split(":");
  return parts.includes("group") || parts.includes("channel");
}
