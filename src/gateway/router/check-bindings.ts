import type { Binding } from "../settings.ts";

/** What is wrong with the bindings, for the person who wrote them. */
export function checkBindings(bindings: readonly Binding[], agentIds: readonly string[]): readonly string[] {
  return bindings.flatMap(({ agentId, action = "agent", text }, at) => {
    const where = `bindings[${at}]`;
    const isKnown = agentId === undefined || agentIds.includes(agentId);
    return [
      ...(isKnown ? [] : [`${where}.agent_id: there is no agent “${agentId}”; there is ${agentIds.join(", ")}.`]),
      ...(action === "reply" && text === undefined ? [`${where}.text: a reply says something.`] : []),
    ];
  });
}
