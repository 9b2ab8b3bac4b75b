import type { Services } from "../services.ts";

/** How the gateway is, in the shape that clients of this dialect show. */
export function healthFrom({ ok }: { readonly ok: boolean }, services: Services) {
  const channels = services.channels();
  return {
    ok,
    ts: Date.now(),
    durationMs: 0,
    plugins: { loaded: [], errors: [] },
    channels: Object.fromEntries(channels.map(({ id, state }) => [id, channelState(state)])),
    channelOrder: channels.map(({ id }) => id),
    channelLabels: Object.fromEntries(channels.map(({ id, label }) => [id, label])),
    defaultAgentId: services.agentId,
  };
}

export function channelState(state: "online" | "degraded" | "offline") {
  return { configured: true, running: state !== "offline", connected: state === "online" };
}
