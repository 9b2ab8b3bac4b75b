import { Type } from "@sinclair/typebox";
import { fitPage } from "../page.ts";
import { closed, defineMethod } from "../method.ts";
import { readSessionKey } from "../session-key.ts";
import { EventRange } from "./sessions.export.ts";

export const sessionsTranscript = defineMethod({
  name: "sessions.transcript",
  summary:
    "A session as lines of an OpenClaw transcript file (JSONL, version 3), in pages; before the first event, its header.",
  scope: "operator.read",
  params: Type.Object(
    {
      ...EventRange,
      sessionId: Type.Optional(
        Type.String({ minLength: 1, maxLength: 64, description: "One that the key had before a reset." }),
      ),
    },
    closed,
  ),
  result: Type.Object({
    lines: Type.Array(Type.String()),
    last: Type.Integer({ description: "The seq of the last event in it; the next page's `after`." }),
    hasMore: Type.Boolean(),
  }),
  handle: async ({ sessionKey, after = 0, limit = 500, sessionId }, { services }) => {
    const key = readSessionKey(sessionKey, services);
    const session = sessionId === undefined ? {} : { sessionId };
    const { lines, last, hasMore } = await services.sessions.transcript(key, { after, limit, ...session });
    const page = fitPage(lines);
    const cut = lines.length - page.rows.length;
    return { lines: page.rows, last: last - cut, hasMore: hasMore || page.isCut };
  },
});
