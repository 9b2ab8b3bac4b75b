import type { TranscriptRow, Usage } from "#protocol";
import type { Services } from "../services.ts";
import { agentOf, configuredModel } from "../session-key.ts";
import { type SessionRow, sessionRow } from "../session-row.ts";

/** A row of the transcript: the fields of ours that clients look for in `__openclaw` are there, and only there. */
export function rowOf({ id, seq, runId, sender, usage, ...row }: TranscriptRow) {
  const { timestamp, idempotencyKey } = row;
  return {
    ...row,
    ...(usage && { usage: usageOf(usage) }),
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

export function usageOf(usage: Usage) {
  return { ...usage, totalTokens: usage.input + usage.output + usage.cacheRead + usage.cacheWrite };
}

/** A session as lists show it. */
export function sessionRowOf(row: SessionRow, services: Services) {
  return rowWith(row, row.hasActiveRun ? runsOf(row.key, services) : [], services);
}

/** A session as it is while something is told of it; a run that has just come to its end is over for those who are told. */
export function liveRowOf(key: string, services: Services, endedRun?: string) {
  const state = services.sessions.peek(key);
  if (!state) return undefined;
  const runs = runsOf(key, services).filter((runId) => runId !== endedRun);
  return rowWith(sessionRow(state, new Set(runs.length > 0 ? [key] : [])), runs, services);
}

function runsOf(key: string, { gateway }: Services): readonly string[] {
  return gateway
    .activeRuns()
    .filter((run) => run.sessionKey === key)
    .map((run) => run.runId);
}

function rowWith(row: SessionRow, activeRunIds: readonly string[], services: Services) {
  const { key, sessionId, agentId, updatedAt, createdAt, label, thinking, verbose, preview, usage, hasActiveRun } = row;
  const kind = isGroup(key) ? "group" : "direct";
  return {
    key,
    kind,
    chatType: kind,
    isMain: isMain(key, services),
    archived: false,
    pinned: false,
    agentId,
    sessionId,
    createdAt,
    updatedAt,
    lastActivityAt: updatedAt,
    ...modelFields(row.model ?? configuredModel(key, services)),
    ...(label !== undefined && { label, displayName: label }),
    ...(thinking !== undefined && { thinkingLevel: thinking }),
    ...(verbose !== undefined && { verboseLevel: verbose }),
    ...(preview !== undefined && { lastMessagePreview: preview }),
    inputTokens: usage.input,
    outputTokens: usage.output,
    hasActiveRun,
    activeRunIds,
    status: hasActiveRun ? "running" : "done",
  };
}

/** `provider/model` in two fields; the model's own name may hold slashes. */
export function modelFields(id: string | undefined): { readonly modelProvider?: string; readonly model?: string } {
  if (id === undefined) return {};
  const [modelProvider = "", ...model] = id.split("/");
  return { modelProvider, model: model.join("/") };
}

/** What a session has that chooses nothing: that one, or any of the default agent. */
export function sessionDefaults(services: Services, key = `agent:${services.agentId}:main`) {
  const id = configuredModel(key, services);
  const model = services.models().find((one) => one.id === id);
  return { ...modelFields(id), ...(model && { contextTokens: model.contextWindow }) };
}

function isMain(key: string, { parseSessionKey }: Services): boolean {
  const main = parseSessionKey("main", agentOf(key));
  return main.ok && main.key === key;
}

function isGroup(key: string): boolean {
  const parts = key.split(":");
  return parts.includes("group") || parts.includes("channel");
}
