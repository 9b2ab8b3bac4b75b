import { Type } from "@sinclair/typebox";
import { closed, defineMethod } from "../method.ts";
import { readSessionKey, SessionKey } from "../session-key.ts";

export const sessionsReplay = defineMethod({
  name: "sessions.replay",
  summary: "Folds the whole log of a session anew and compares what was remembered of it; mends that when it should.",
  scope: "operator.admin",
  effect: "idempotent",
  params: Type.Object({ sessionKey: SessionKey, repair: Type.Optional(Type.Boolean({ default: false })) }, closed),
  result: Type.Object({
    sessionKey: Type.String(),
    sessionId: Type.String(),
    events: Type.Integer(),
    headHash: Type.String(),
    stored: Type.Union([Type.Literal("equal"), Type.Literal("differs"), Type.Literal("absent")], {
      description: "absent: none that this version can read; it is told anew from the log when it is needed.",
    }),
    isEqual: Type.Boolean(),
    differences: Type.Array(
      Type.Object({
        part: Type.String(),
        stored: Type.Optional(Type.Unknown()),
        replayed: Type.Optional(Type.Unknown()),
      }),
    ),
    isMended: Type.Boolean(),
  }),
  handle: async ({ sessionKey, repair = false }, { services }) => {
    const key = readSessionKey(sessionKey, services);
    const replay = await services.sessions.replay(key, { mends: repair });
    const { sessionId, headSeq: events, headHash, stored, isMended } = replay;
    const differences = replay.differences.map((one) => ({ ...one }));
    const isEqual = differences.length === 0;
    return { sessionKey: key, sessionId, events, headHash, stored, isEqual, differences, isMended };
  },
});
