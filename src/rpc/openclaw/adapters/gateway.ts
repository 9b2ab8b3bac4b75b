import { Type } from "@sinclair/typebox";
import type { AnyMethod } from "../../method.ts";
import { connectionsList } from "../../methods/connections.list.ts";
import { health } from "../../methods/health.ts";
import { messageSend } from "../../methods/message.send.ts";
import { ping } from "../../methods/ping.ts";
import { sessionsExport } from "../../methods/sessions.export.ts";
import { status } from "../../methods/status.ts";
import { systemPresence } from "../../methods/system-presence.ts";
import { healthFrom } from "../health.ts";
import type { Services } from "../../services.ts";
import { activeKeys, sessionRow } from "../../session-row.ts";
import { sessionDefaults, sessionRowOf } from "../rows.ts";
import { adapt, open } from "./adapter.ts";

const mostCounted = 100;
const mostRecent = 10;
const anything = Type.Object({}, open);

export const gateway: readonly AnyMethod[] = [
  adapt(health, {
    params: anything,
    ask: () => ({}),
    answer: (report, { context }) => ({ ...healthFrom(report, context.services), ...report }),
  }),
  adapt(status, {
    params: anything,
    ask: () => ({}),
    answer: async (result, { context: { services } }) => ({
      ...result,
      runtimeVersion: result.version,
      heartbeat: { defaultAgentId: services.agentId, agents: [] },
      channelSummary: services.channels().map(({ label, state }) => `${label}: ${state}`),
      queuedSystemEvents: [],
      tasks: { total: result.turns.running + result.turns.waiting, active: result.turns.running },
      sessions: await sessionsSummary(services),
    }),
  }),
  adapt(systemPresence, { params: anything, ask: () => ({}), answer: (entries) => entries }),
  // Ours alone: the original has nothing by these names.
  connectionsList,
  messageSend,
  ping,
  sessionsExport,
];

/** The sessions in a few lines, counted as far as is cheap. */
async function sessionsSummary(services: Services) {
  const listed = await services.sessions.list({ limit: mostCounted });
  const active = activeKeys(services);
  const recent = listed.slice(0, mostRecent).map((session) => {
    const row = sessionRowOf(sessionRow(session, active), services);
    return { ...row, age: Math.max(0, Date.now() - row.updatedAt), flags: [] };
  });
  const counted = { count: listed.length, recent };
  const byAgent = services.agents().map(({ id }) => {
    const own = listed.filter((session) => session.agentId === id);
    return { agentId: id, path: "", count: own.length, recent: recent.filter((row) => row.agentId === id) };
  });
  return { paths: [], ...counted, defaults: sessionDefaults(services), byAgent };
}
