import { type Static, Type } from "@sinclair/typebox";
import { fault, SessionEvent } from "#protocol";
import { closed, defineMethod } from "../method.ts";
import { fitPage } from "../page.ts";
import { readSessionKey, SessionKey } from "../session-key.ts";

const ExportedEvent = Type.Object({
  id: Type.String(),
  sessionId: Type.String(),
  seq: Type.Integer(),
  at: Type.Integer(),
  parentId: Type.Optional(Type.String()),
  hash: Type.String(),
  event: SessionEvent,
});

export const sessionsExport = defineMethod({
  name: "sessions.export",
  summary: "The events of a session as they are in the log, oldest first, in pages.",
  scope: "operator.read",
  route: { verb: "GET", path: "/sessions/{sessionKey}/events" },
  params: Type.Object(
    {
      sessionKey: SessionKey,
      after: Type.Optional(Type.Integer({ minimum: 0, default: 0, description: "Only events whose seq is larger." })),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, default: 500 })),
    },
    closed,
  ),
  result: Type.Object({ events: Type.Array(ExportedEvent), hasMore: Type.Boolean() }),
  handle: async ({ sessionKey, after = 0, limit = 500 }, { services, signal }) => {
    const key = readSessionKey(sessionKey, services);
    const found: Static<typeof ExportedEvent>[] = [];
    let isEmpty = true;
    for await (const stored of services.sessions.events(key)) {
      signal.throwIfAborted();
      isEmpty = false;
      if (stored.seq > after) found.push(stored);
      if (found.length > limit) break;
    }
    if (isEmpty) throw fault.sessionNotFound({ key });
    const page = fitPage(found.slice(0, limit));
    return { events: page.rows, hasMore: page.isCut || found.length > limit };
  },
});
