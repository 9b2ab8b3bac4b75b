import { Type } from "@sinclair/typebox";
import { fault } from "#protocol";
import type { AnyMethod } from "../../method.ts";
import { logsTail } from "../../methods/logs.tail.ts";
import { systemInfo } from "../../methods/system.info.ts";
import { toolsCatalog } from "../../methods/tools.catalog.ts";
import { adapt, open, own } from "./adapter.ts";

const anything = Type.Object({}, open);
const ofAgent = Type.Object({ agentId: Type.Optional(Type.String({ maxLength: 64 })) }, open);

export const system: readonly AnyMethod[] = [
  own({
    name: "agent.identity.get",
    scope: "operator.read",
    params: ofAgent,
    handle: async ({ agentId }, { services }) => {
      checkAgent(agentId, services.agentId);
      return { agentId: services.agentId, name: "OpenClaw", nameSource: "default", avatarStatus: "none" };
    },
  }),
  adapt(logsTail, {
    params: Type.Object(logsTail.params.properties, open),
    ask: ({ cursor, limit, maxBytes }) => ({
      ...(cursor !== undefined && { cursor }),
      ...(limit !== undefined && { limit }),
      ...(maxBytes !== undefined && { maxBytes }),
    }),
    // Where the file lies is not for everybody who may read.
    answer: (tail) => ({ file: "gateway.log", ...tail }),
  }),
  adapt(systemInfo, {
    params: anything,
    ask: () => ({}),
    answer: ({ hostname, runtime, ...info }) => ({
      ...info,
      machineName: hostname,
      hostname,
      osLabel: `${info.platform} ${info.release}`,
      nodeVersion: runtime,
    }),
  }),
  adapt(toolsCatalog, {
    params: ofAgent,
    ask: ({ agentId }, { services }) => {
      checkAgent(agentId, services.agentId);
      return {};
    },
    answer: ({ tools }, { context }) => ({
      agentId: context.services.agentId,
      profiles: [{ id: "full", label: "All" }],
      groups: [{ id: "core", label: "Built in", source: "core", tools: tools.map(toolEntry) }],
    }),
  }),
  own({
    name: "tools.effective",
    scope: toolsCatalog.scope,
    params: ofAgent,
    handle: async ({ agentId }, { services }) => {
      checkAgent(agentId, services.agentId);
      const tools = services.tools().map(({ name, description }) => {
        return { id: name, label: name, description, rawDescription: description, source: "core" };
      });
      return {
        agentId: services.agentId,
        profile: "full",
        groups: [{ id: "core", label: "Built in", source: "core", tools }],
      };
    },
  }),
];

function toolEntry({ name, description }: { readonly name: string; readonly description: string }) {
  return { id: name, label: name, description, source: "core", defaultProfiles: ["full"] };
}

function checkAgent(asked: string | undefined, known: string): void {
  if (asked === undefined || asked === known) return;
  throw fault.invalidParams({ path: "agentId", problem: "there is no such agent" });
}
