import type { DeviceRole } from "#devices";
import { allScopes, type Scope } from "#protocol";
import type { AuthMode } from "../authenticator.ts";
import { closeCode } from "../connection.ts";
import type { ConnectParams } from "./connect-params.ts";
import type { ErrorShape } from "./frame.ts";

export const protocol = 4;
const oldestProtocol = 3;

/** With which words and code somebody is turned away. */
export interface Refused {
  readonly admitted: false;
  readonly because: ErrorShape;
  readonly closeWith: number;
  /** What the close frame says, where it is not the message. */
  readonly reason?: string;
}

/** The protocol is spoken and the form is right. */
export type Admission = { readonly admitted: true; readonly role: DeviceRole } | Refused;

/** May this client come in, its secret, its signature and its pairing apart? Looks at nothing that is secret. */
export function admit(params: ConnectParams, from: { readonly mode: AuthMode; readonly isPage: boolean }): Admission {
  if (!speaksOurs(params)) return protocolMismatch(params);
  const { role = "operator", device, client } = params;
  if (role !== "operator" && role !== "node") return refuse({ code: "INVALID_REQUEST", message: "invalid role" });
  if (pages.includes(client.id) && !from.isPage) return originRefused;
  return (device ? undefined : whyNotWithout(params, role, from.mode)) ?? { admitted: true, role };
}

/** Who must have a device, and brings none. */
function whyNotWithout(params: ConnectParams, role: DeviceRole, mode: AuthMode): Refused | undefined {
  if (role === "node") return deviceRequired("NOT_PAIRED", "DEVICE_IDENTITY_REQUIRED");
  if (mustHaveDevice.includes(params.client.id)) {
    return deviceRequired("INVALID_REQUEST", "CONTROL_UI_DEVICE_IDENTITY_REQUIRED");
  }
  const needsSecret = trustedWithout(params)?.needsSecret ?? false;
  return mode === "none" && needsSecret ? deviceRequired("NOT_PAIRED", "DEVICE_IDENTITY_REQUIRED") : undefined;
}

/**
 * The scopes of a client that has the shared secret and no device. Fails closed: who is not known to be a program of this
 * machine has none, whatever it asks for.
 */
export function scopesWithoutDevice(params: ConnectParams, isLocal: boolean): readonly Scope[] {
  return isLocal && trustedWithout(params) ? knownScopes(params.scopes) : [];
}

/** Scopes of a later version are not granted: nothing here would ask for them. */
export function knownScopes(scopes: readonly string[] = []): readonly Scope[] {
  return [...new Set(scopes)].flatMap((asked) => allScopes.find((scope) => scope === asked) ?? []);
}

export function refuse(because: ErrorShape, closeWith: number = closeCode.policy): Refused {
  return { admitted: false, because, closeWith };
}

/** Apps with a person before them, who must be told apart by their device. */
export const mustHaveDevice: readonly string[] = ["openclaw-control-ui", "openclaw-tui"];

/** Clients that only ever run in a browser, which says where they come from. */
const pages: readonly string[] = ["openclaw-control-ui", "webchat-ui"];

/** Those who are trusted with a shared secret alone, as long as they run on this machine. */
const deviceless: readonly { readonly id: string; readonly mode: string; readonly needsSecret: boolean }[] = [
  { id: "cli", mode: "cli", needsSecret: true },
  { id: "gateway-client", mode: "backend", needsSecret: false },
];

function trustedWithout({ client }: ConnectParams) {
  return deviceless.find(({ id, mode }) => id === client.id && mode === client.mode);
}

/** Probes only look, and nodes may be older than we are. */
function speaksOurs({ minProtocol, maxProtocol, client, role }: ConnectParams): boolean {
  const mayBeOlder = client.mode === "probe" || (client.mode === "node" && role === "node");
  return minProtocol <= protocol && maxProtocol >= (mayBeOlder ? oldestProtocol : protocol);
}

function protocolMismatch({ minProtocol, maxProtocol }: ConnectParams): Refused {
  const details = {
    code: "PROTOCOL_MISMATCH",
    clientMinProtocol: minProtocol,
    clientMaxProtocol: maxProtocol,
    expectedProtocol: protocol,
    minimumProbeProtocol: oldestProtocol,
  };
  return refuse({ code: "INVALID_REQUEST", message: "protocol mismatch", details }, closeCode.protocol);
}

function deviceRequired(code: "INVALID_REQUEST" | "NOT_PAIRED", detail: string): Refused {
  return refuse({ code, message: "device identity required", details: { code: detail } });
}

const originRefused = refuse({
  code: "INVALID_REQUEST",
  message: "origin not allowed (open the page from the gateway's own address, or add its origin to allowed_origins)",
  details: { code: "CONTROL_UI_ORIGIN_NOT_ALLOWED" },
});
