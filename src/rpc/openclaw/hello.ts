import { permits } from "#protocol";
import type { Caller } from "../caller.ts";
import type { ConnectionInfo } from "../connection.ts";
import type { Catalog } from "../method.ts";
import type { RpcLimits } from "../limits.ts";
import { presenceOf } from "../presence.ts";
import type { Services } from "../services.ts";
import { protocol } from "./admission.ts";
import type { AuthMode } from "../authenticator.ts";
import { events, type StateVersion } from "./events.ts";
import type { Pass } from "./reception.ts";
import { healthFrom } from "./health.ts";

export type Hello = Awaited<ReturnType<typeof helloOk>>;

export interface Greeter {
  readonly services: Services;
  readonly limits: RpcLimits;
  readonly authMode: AuthMode;
  readonly catalog: Catalog;
  readonly connections: (newest?: number) => readonly ConnectionInfo[];
  readonly stateVersion: () => StateVersion;
  readonly bootId: string;
  readonly uptimeMs: () => number;
}

/** What a client that came in is told: what is served here, how things stand, and what it may do. */
export async function helloOk(greeter: Greeter, caller: Caller, pass: Pass) {
  const { services, limits, catalog } = greeter;
  const { ok, ...health } = healthFrom(await services.health(), services);
  return {
    type: "hello-ok",
    protocol,
    server: { version: services.version, connId: caller.id, bootId: greeter.bootId },
    features: { methods: catalog.methods, events: catalog.events, capabilities: ["published-model-catalog"] },
    snapshot: {
      // What the method and the event are for is not told here to others.
      presence: permits(caller.scopes, events.presence) ? presenceOf(greeter.connections) : [],
      // The schema knows no snapshot that is not well; what is wrong is told by the method.
      health: ok ? { ok, ...health } : health,
      stateVersion: greeter.stateVersion(),
      uptimeMs: Math.round(greeter.uptimeMs()),
      sessionDefaults: sessionDefaults(services),
      ...(caller.scopes.has("operator.admin") && { authMode: greeter.authMode }),
    },
    auth: pass,
    policy: {
      maxPayload: limits.frameBytes,
      maxBufferedBytes: limits.bufferedHardBytes,
      tickIntervalMs: limits.tickMs,
      attachments: { maxBytes: roomForFiles(limits), maxImageBytes: roomForFiles(limits) },
    },
  };
}

/** In base64 they are two thirds of a frame; the rest is for the text. */
function roomForFiles({ frameBytes }: RpcLimits): number {
  return Math.floor(frameBytes / 2);
}

function sessionDefaults({ agentId, agents, parseSessionKey, models }: Services) {
  const main = parseSessionKey("main");
  return {
    defaultAgentId: agentId,
    mainKey: "main",
    mainSessionKey: main.ok ? main.key : "main",
    scope: "per-sender",
    modelConfigured: models().some((model) => model.isDefault),
    ownership: agents().length === 1 ? "sole" : "legacy",
    selectionRequired: false,
  };
}
