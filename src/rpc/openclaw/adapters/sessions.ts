import { type Static, Type } from "@sinclair/typebox";
import { fault } from "#protocol";
import type { AnyMethod, MethodContext } from "../../method.ts";
import { sessionsCreate } from "../../methods/sessions.create.ts";
import { sessionsDelete } from "../../methods/sessions.delete.ts";
import { sessionsDescribe } from "../../methods/sessions.describe.ts";
import { sessionsList } from "../../methods/sessions.list.ts";
import { sessionsMessagesSubscribe } from "../../methods/sessions.messages.subscribe.ts";
import { sessionsMessagesUnsubscribe } from "../../methods/sessions.messages.unsubscribe.ts";
import { SessionChange, sessionsPatch } from "../../methods/sessions.patch.ts";
import { sessionsReset } from "../../methods/sessions.reset.ts";
import { sessionsSubscribe } from "../../methods/sessions.subscribe.ts";
import { sessionsUnsubscribe } from "../../methods/sessions.unsubscribe.ts";
import { AgentId, readSessionKey, SessionKey } from "../../session-key.ts";
import { findSessions } from "../../session-pages.ts";
import type { SessionRow } from "../../session-row.ts";
import { modelFields, sessionDefaults, sessionRowOf } from "../rows.ts";
import { adapt, open, own } from "./adapter.ts";
import { isWanted, ListParams, mostListed, usuallyListed } from "./session-filter.ts";

const Keyed = Type.Object({ key: SessionKey, agentId: Type.Optional(AgentId) }, open);
/** What is done only while the key still stands for the session that the client saw. */
const Expected = Type.Object(
  { ...Keyed.properties, expectedSessionId: Type.Optional(Type.String({ maxLength: 128 })) },
  open,
);
const names = { sessionKey: "key", thinking: "thinkingLevel", verbose: "verboseLevel" };

const Change = Type.Object(
  {
    label: SessionChange.properties.label,
    model: SessionChange.properties.model,
    thinkingLevel: SessionChange.properties.thinking,
    verboseLevel: SessionChange.properties.verbose,
  },
  { additionalProperties: false },
);

export const sessions: readonly AnyMethod[] = [
  adapt(sessionsCreate, {
    params: Type.Object(
      {
        key: Type.Optional(SessionKey),
        agentId: Type.Optional(AgentId),
        ...Change.properties,
        // These would start a run, or copy a conversation: `chat.send` does the first, nothing the second.
        message: Type.Optional(Type.Never()),
        task: Type.Optional(Type.Never()),
        fork: Type.Optional(Type.Literal(false)),
      },
      open,
    ),
    names,
    ask: ({ key, agentId, ...change }) => ({
      ...(key !== undefined && { sessionKey: key }),
      ...(agentId !== undefined && { agentId }),
      ...changeOf(change),
    }),
    answer: ({ session }, { context }) => ({
      ok: true,
      key: session.key,
      sessionId: session.sessionId,
      entry: sessionRowOf(session, context.services),
    }),
  }),
  adapt(sessionsDelete, {
    params: Expected,
    names,
    ask: askExpected,
    answer: ({ deleted }, { theirs, context }) => ({
      ok: true,
      key: keyOf(theirs, context),
      deleted,
      archived: [],
    }),
  }),
  adapt(sessionsDescribe, {
    params: Keyed,
    names,
    ask: (theirs, context) => ({ sessionKey: keyOf(theirs, context) }),
    answer: ({ session }, { context }) => ({ session: session && sessionRowOf(session, context.services) }),
  }),
  own({ name: sessionsList.name, scope: sessionsList.scope, params: ListParams, handle: listOf }),
  // Clients set the model of a conversation before the first word of it is said: then this opens it.
  adapt(named(sessionsPatch.name, sessionsCreate), {
    params: Type.Object(
      {
        key: SessionKey,
        agentId: Type.Optional(AgentId),
        expectedSessionId: Type.Optional(Type.String()),
        ...Change.properties,
      },
      { additionalProperties: false },
    ),
    names,
    ask: async (theirs, context) => ({ ...(await askExpected(theirs, context)), ...changeOf(theirs) }),
    answer: ({ session }, { context }) => {
      const entry = sessionRowOf(session, context.services);
      return { ok: true, key: session.key, entry, resolved: resolved(session, context) };
    },
  }),
  adapt(sessionsReset, {
    params: Expected,
    names,
    ask: askExpected,
    answer: async (_result, { theirs, context }) => {
      const key = keyOf(theirs, context);
      const { session } = await sessionsDescribe.handle({ sessionKey: key }, context);
      if (!session) return { ok: true, key };
      const entry = sessionRowOf(session, context.services);
      return { ok: true, key, entry, resolved: resolved(session, context) };
    },
  }),
  adapt(sessionsSubscribe, {
    params: ListParams,
    ask: () => ({}),
    answer: async (result, { theirs, context }) => {
      if (Object.keys(theirs).length === 0) return result;
      return { ...result, list: await listOf(theirs, context) };
    },
  }),
  adapt(sessionsUnsubscribe, { params: Type.Object({}, open), ask: () => ({}), answer: (result) => result }),
  adapt(sessionsMessagesSubscribe, {
    params: Type.Object({ ...Keyed.properties, includeApprovals: Type.Optional(Type.Boolean()) }, open),
    names,
    ask: (theirs, context) => ({ sessionKey: keyOf(theirs, context) }),
    // Nothing waits for an approval here.
    answer: ({ subscribed, sessionKey }, { theirs: { includeApprovals = false } }) => ({
      subscribed,
      key: sessionKey,
      ...(includeApprovals && {
        approvalReplay: { sessionKey, updatedAtMs: Date.now(), approvals: [], truncated: false },
      }),
    }),
  }),
  adapt(sessionsMessagesUnsubscribe, {
    params: Keyed,
    names,
    ask: (theirs, context) => ({ sessionKey: keyOf(theirs, context) }),
    answer: ({ subscribed, sessionKey }) => ({ subscribed, key: sessionKey }),
  }),
];

type KeyParams = Pick<Static<typeof Keyed>, "agentId" | "key">;

function keyOf({ key, agentId }: KeyParams, { services }: MethodContext): string {
  return readSessionKey(key, services, agentId);
}

/** Throws `sessionChanged` when it is not there any more. */
async function askExpected(
  { expectedSessionId, ...theirs }: KeyParams & { readonly expectedSessionId?: string },
  context: MethodContext,
) {
  const sessionKey = keyOf(theirs, context);
  if (
    expectedSessionId !== undefined &&
    (await context.services.sessions.state(sessionKey))?.id !== expectedSessionId
  ) {
    throw fault.sessionChanged({ key: sessionKey });
  }
  return { sessionKey };
}

/** The same method under another name. */
function named<Theirs extends typeof sessionsCreate>(name: string, method: Theirs) {
  return { ...method, name };
}

async function listOf(params: ListParams, context: MethodContext) {
  const { services } = context;
  const { offset = 0 } = params;
  const limit = Math.min(mostListed, params.limit ?? usuallyListed);
  const wanted = await findSessions(context, { most: offset + limit + 1, isWanted: (row) => isWanted(row, params) });
  const page = wanted.slice(offset, offset + limit);
  const next = offset + page.length;
  const hasMore = wanted.length > next;
  return {
    ts: Date.now(),
    path: "",
    count: page.length,
    totalCount: wanted.length,
    limitApplied: limit,
    hasMore,
    ...(hasMore && { nextOffset: next }),
    owners: [],
    defaults: sessionDefaults(services),
    sessions: page.map((row) => sessionRowOf(row, services)),
  };
}

function changeOf({ label, model, thinkingLevel, verboseLevel }: Static<typeof Change>): Static<typeof SessionChange> {
  return {
    ...(label !== undefined && { label }),
    ...(model !== undefined && { model }),
    ...(thinkingLevel !== undefined && { thinking: thinkingLevel }),
    ...(verboseLevel !== undefined && { verbose: verboseLevel }),
  };
}

function resolved(session: SessionRow, { services }: MethodContext) {
  return session.model === undefined ? sessionDefaults(services, session.key) : modelFields(session.model);
}
