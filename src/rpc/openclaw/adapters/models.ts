import { Type } from "@sinclair/typebox";
import type { AnyMethod } from "../../method.ts";
import { agentsList } from "../../methods/agents.list.ts";
import { modelsList } from "../../methods/models.list.ts";
import type { ModelListing } from "../../services.ts";
import { Thinking } from "../../session-row.ts";
import { adapt, open } from "./adapter.ts";

const thinkingLevels = Thinking.anyOf.map((level) => ({ id: level.const, label: level.const }));

export const models: readonly AnyMethod[] = [
  adapt(agentsList, {
    params: Type.Object({}, open),
    ask: () => ({}),
    answer: ({ defaultId, agents }) => ({
      defaultId,
      mainKey: "main",
      scope: "per-sender",
      ownership: agents.length === 1 ? "sole" : "legacy",
      selectionRequired: false,
      agents: agents.map(({ id, name, model }) => ({
        id,
        kind: "agent",
        ...(name !== undefined && { name, identity: { name } }),
        thinkingLevels,
        ...(model !== undefined && { model: { primary: model } }),
      })),
    }),
  }),
  adapt(modelsList, {
    params: Type.Object({ provider: Type.Optional(Type.String()) }, open),
    ask: () => ({}),
    answer: (listed, { theirs: { provider } }) => ({
      models: listed.models.filter((model) => provider === undefined || model.provider === provider).map(modelChoice),
    }),
  }),
];

/** A model as pickers show it: its provider stands beside its name, not in it. */
export function modelChoice({ id, provider, name, contextWindow, isDefault }: ModelListing) {
  return {
    id: id.startsWith(`${provider}/`) ? id.slice(provider.length + 1) : id,
    name,
    provider,
    contextWindow,
    available: true,
    ...(isDefault && { tags: ["default"] }),
  };
}
