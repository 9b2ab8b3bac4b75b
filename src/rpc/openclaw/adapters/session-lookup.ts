import { Type } from "@sinclair/typebox";
import { clip, newId } from "#base";
import { fault, type TranscriptRow } from "#protocol";
import { MessageText } from "../../message-text.ts";
import type { AnyMethod, MethodContext } from "../../method.ts";
import { chatAbort } from "../../methods/chat.abort.ts";
import { chatSend, IdempotencyKey } from "../../methods/chat.send.ts";
import { sessionsDescribe } from "../../methods/sessions.describe.ts";
import { AgentId, readSessionKey, SessionKey } from "../../session-key.ts";
import { findSessions } from "../../session-pages.ts";
import type { SessionRow } from "../../session-row.ts";
import { open, own } from "./adapter.ts";
import { SentAttachments, sentAttachments } from "./attachments.ts";

const mostPreviews = 64;
const mostCandidates = 10;
const text = Type.Optional(Type.String({ minLength: 1, maxLength: 512 }));

const Wanted = Type.Object(
  { key: Type.Optional(SessionKey), sessionId: text, label: text, allowMissing: Type.Optional(Type.Boolean()) },
  open,
);

export const sessionLookup: readonly AnyMethod[] = [
  own({
    name: "sessions.abort",
    scope: chatAbort.scope,
    effect: "idempotent",
    params: Type.Object({ key: Type.Optional(SessionKey), runId: chatAbort.params.properties.runId }, open),
    handle: async ({ key, runId }, context) => {
      const sessionKey = key ?? (runId === undefined ? undefined : (await context.services.sessions.run(runId))?.key);
      if (sessionKey === undefined && runId !== undefined) throw fault.runNotFound({ run: runId });
      if (sessionKey === undefined) throw fault.invalidParams({ path: "key", problem: "it is missing" });
      const { runIds } = await chatAbort.handle({ sessionKey, ...(runId !== undefined && { runId }) }, context);
      return { ok: true, abortedRunId: runIds[0] ?? null, status: runIds.length > 0 ? "aborted" : "no-active-run" };
    },
  }),
  own({
    name: "sessions.preview",
    scope: sessionsDescribe.scope,
    params: Type.Object(
      {
        keys: Type.Array(SessionKey, { maxItems: mostPreviews }),
        limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 50 })),
        maxChars: Type.Optional(Type.Integer({ minimum: 1, maximum: 2_000 })),
      },
      open,
    ),
    handle: async ({ keys, limit = 12, maxChars = 240 }, { services }) => {
      const previews: object[] = [];
      for (const given of keys) {
        const key = readSessionKey(given, services);
        const { rows } = await services.sessions.history(key, { limit });
        const isThere = rows.length > 0 || (await services.sessions.state(key)) !== undefined;
        const items = rows.flatMap((row) => previewOf(row, maxChars));
        previews.push({ key: given, status: isThere ? (items.length > 0 ? "ok" : "empty") : "missing", items });
      }
      return { ts: Date.now(), previews };
    },
  }),
  own({ name: "sessions.resolve", scope: sessionsDescribe.scope, params: Wanted, handle: resolve }),
  own({
    name: "sessions.send",
    scope: chatSend.scope,
    effect: "once",
    params: Type.Object(
      {
        key: SessionKey,
        agentId: Type.Optional(AgentId),
        message: MessageText,
        idempotencyKey: Type.Optional(IdempotencyKey),
        attachments: SentAttachments,
      },
      open,
    ),
    handle: async ({ key, agentId, message, attachments, idempotencyKey = newId() }, context) => {
      const files = sentAttachments(attachments);
      const asked = { sessionKey: key, message, ...files, idempotencyKey, ...(agentId !== undefined && { agentId }) };
      const { runId, status } = await chatSend.handle(asked, context);
      context.interests().started(runId);
      return status === "aborted" ? { runId, status: "timeout", summary: "aborted" } : { runId, status };
    },
  }),
];

/** The one session that is meant by its key, its id or its label. */
async function resolve(
  wanted: {
    readonly key?: string;
    readonly sessionId?: string;
    readonly label?: string;
    readonly allowMissing?: boolean;
  },
  context: MethodContext,
) {
  const found = await candidates(wanted, context);
  const [only] = found;
  if (only && found.length === 1) return { ok: true, ...candidate(only) };
  if (found.length > 1) return { ok: false, candidates: found.map(candidate) };
  if (wanted.allowMissing === true) return { ok: false };
  throw fault.sessionNotFound({ key: wanted.key ?? wanted.sessionId ?? wanted.label ?? "" });
}

async function candidates(
  { key, sessionId, label }: Parameters<typeof resolve>[0],
  context: MethodContext,
): Promise<readonly SessionRow[]> {
  if (key !== undefined) {
    const { session } = await sessionsDescribe.handle({ sessionKey: key }, context);
    return session ? [session] : [];
  }
  if (sessionId !== undefined)
    return findSessions(context, { most: 1, isWanted: (row) => row.sessionId === sessionId });
  if (label !== undefined)
    return findSessions(context, { most: mostCandidates, isWanted: (row) => row.label === label });
  throw fault.invalidParams({ path: "params", problem: "name a key, a sessionId or a label" });
}

function candidate({ key, agentId, label }: SessionRow) {
  return { key, agentId, ...(label !== undefined && { displayName: label }) };
}

function previewOf({ role, content }: TranscriptRow, maxChars: number): object[] {
  const said = content.map((block) => (block.type === "text" ? block.text : "")).join("");
  return said === "" ? [] : [{ role: role === "toolResult" ? "tool" : role, text: clip(said, maxChars) }];
}
