import { Type } from "@sinclair/typebox";
import { newId } from "#base";
import { closed, defineMethod } from "../method.ts";
import { AgentId, readLiveKey, SessionKey } from "../session-key.ts";
import { activeKeys, SessionRow, sessionRow } from "../session-row.ts";
import { checkModel, SessionChange } from "./sessions.patch.ts";

export const sessionsCreate = defineMethod({
  name: "sessions.create",
  summary: "Opens a session, empty; where there is one under this key, nothing but the given settings changes.",
  scope: "operator.write",
  effect: "once",
  route: { verb: "POST", path: "/sessions" },
  params: Type.Object(
    { sessionKey: Type.Optional(SessionKey), agentId: Type.Optional(AgentId), ...SessionChange.properties },
    closed,
  ),
  result: Type.Object({ session: SessionRow, created: Type.Boolean({ description: "There was none." }) }),
  handle: async ({ sessionKey = newId(), agentId, ...change }, { services }) => {
    const { sessions } = services;
    const key = readLiveKey(sessionKey, services, agentId);
    if (typeof change.model === "string") checkModel(change.model, services);
    const created = (await sessions.state(key)) === undefined;
    if (created) await sessions.append(key, []);
    return { session: sessionRow(await sessions.patch(key, change), activeKeys(services)), created };
  },
});
