import { Type } from "@sinclair/typebox";
import { closed, defineMethod } from "../method.ts";
import { readSessionKey, SessionKey } from "../session-key.ts";

export const sessionsImport = defineMethod({
  name: "sessions.import",
  summary: "Makes a session of an OpenClaw transcript file, sent in pieces: all of it with the last one, or nothing.",
  scope: "operator.admin",
  effect: "once",
  params: Type.Object(
    {
      uploadId: Type.String({ minLength: 1, maxLength: 64 }),
      offset: Type.Integer({ minimum: 0, description: "How many characters (UTF-16 units) came before." }),
      text: Type.String({ maxLength: 512 * 1024 }),
      isLast: Type.Boolean(),
      sessionKey: Type.Optional(SessionKey),
    },
    closed,
  ),
  result: Type.Object({
    received: Type.Integer(),
    imported: Type.Union([
      Type.Object({
        sessionKey: Type.String(),
        sessionId: Type.String(),
        events: Type.Integer(),
        kept: Type.Record(Type.String(), Type.Integer(), {
          description: "Entries that mean nothing here, by type; an export has them again.",
        }),
        leftOut: Type.Integer({ description: "Entries of other branches." }),
        lostBlocks: Type.Integer({ description: "Pieces of messages that are no text." }),
        endedTurns: Type.Integer({ description: "Turns that were open in the file and are ended here." }),
      }),
      Type.Null(),
    ]),
  }),
  handle: async ({ uploadId, offset, text, isLast, sessionKey }, { services, caller }) => {
    const key = sessionKey === undefined ? undefined : readSessionKey(sessionKey, services);
    const id = `${caller.id} ${uploadId}`;
    const received = await services.sessions.takePiece({ uploadId: id, offset, text });
    if (!isLast) return { received, imported: null };
    const { key: importedKey, ...imported } = await services.sessions.importFile(id, key);
    return { received, imported: { sessionKey: importedKey, ...imported, kept: { ...imported.kept } } };
  },
});
