import { type Static, Type } from "@sinclair/typebox";
import { fault, SessionEvent } from "#protocol";
import { closed, defineMethod } from "../method.ts";
import { fitPage } from "../page.ts";
import type { Services } from "../services.ts";
import { readSessionKey, SessionKey } from "../session-key.ts";

export const ExportedEvent = Type.Object({
  id: Type.String(),
  sessionId: Type.String(),
  seq: Type.Integer(),
  at: Type.Integer(),
  parentId: Type.Optional(Type.String()),
  hash: Type.String(),
  event: SessionEvent,
});

export const EventPage = Type.Object({ events: Type.Array(ExportedEvent), hasMore: Type.Boolean() });

export const EventRange = {
  sessionKey: SessionKey,
  after: Type.Optional(Type.Integer({ minimum: 0, default: 0, description: "Only events whose seq is larger." })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, default: 500 })),
};

export const sessionsExport = defineMethod({
  name: "sessions.export",
  summary: "The events of a session as they are in the log, oldest first, in pages.",
  scope: "operator.read",
  route: { verb: "GET", path: "/sessions/{sessionKey}/events" },
  params: Type.Object(EventRange, closed),
  result: EventPage,
  handle: (range, { services }) => readEventPage(range, services),
});

interface Range {
  readonly sessionKey: string;
  readonly after?: number;
  readonly limit?: number;
}

/** Reads the page and one event more, to know whether there is another. */
export async function readEventPage(
  { sessionKey, after = 0, limit = 500 }: Range,
  services: Services,
): Promise<Static<typeof EventPage>> {
  const key = readSessionKey(sessionKey, services);
  const state = await services.sessions.state(key);
  if (!state) throw fault.sessionNotFound({ key });
  const range = { after, limit: limit + 1, take: "first" } as const;
  const found = await services.sessions.read({ key, sessionId: state.id }, range);
  const page = fitPage(found.slice(0, limit));
  return { events: page.rows, hasMore: page.isCut || found.length > limit };
}
