import { Type } from "@sinclair/typebox";
import { fault } from "#protocol";
import type { Services } from "./services.ts";

export const SessionKey = Type.String({ minLength: 1, maxLength: 512 });

/** Whose session is meant, where its key names no agent. */
export const AgentId = Type.String({ minLength: 1, maxLength: 64 });

/** The canonical key, or an `invalidParams` that says why it is none, or is not one of that agent. */
export function readSessionKey(text: string, services: Services, agentId?: string): string {
  if (agentId !== undefined) checkAgentId(agentId, services);
  const parsed = services.parseSessionKey(text, agentId);
  if (!parsed.ok) throw fault.invalidParams({ path: "sessionKey", problem: parsed.because });
  if (agentId !== undefined && agentOf(parsed.key) !== agentId) {
    throw fault.invalidParams({ path: "agentId", problem: `the session is of the agent ${agentOf(parsed.key)}` });
  }
  return parsed.key;
}

/** The same for what a turn is to begin in, or a session to be opened under: its agent must be there. Throws `agentNotFound`. */
export function readLiveKey(text: string, services: Services, agentId?: string): string {
  const key = readSessionKey(text, services, agentId);
  const agents = services.agents().map(({ id }) => id);
  if (!agents.includes(agentOf(key))) throw fault.agentNotFound({ agent: agentOf(key), known: agents.join(", ") });
  return key;
}

export function checkAgentId(agentId: string, { agents }: Services): void {
  if (agents().some(({ id }) => id === agentId)) return;
  throw fault.invalidParams({ path: "agentId", problem: "there is no such agent" });
}

/** The agent of a canonical key. */
export function agentOf(key: string): string {
  return key.split(":", 2)[1] ?? "main";
}

/** `provider/model` of what answers in a session that chooses none. */
export function configuredModel(key: string, { agents, models }: Services): string | undefined {
  return agents().find(({ id }) => id === agentOf(key))?.model ?? models().find(({ isDefault }) => isDefault)?.id;
}
