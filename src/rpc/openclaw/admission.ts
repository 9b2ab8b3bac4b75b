import { allScopes, type Scope } from "#protocol";
import { addressGroup, loopback } from "../address.ts";
import type { AuthSettings } from "../authenticator.ts";
import { closeCode } from "../connection.ts";
import type { ConnectParams } from "./connect-params.ts";
import type { ErrorShape } from "./frame.ts";

export const protocol = 4;
const oldestProtocol = 3;

/** The protocol is spoken, or with which words and code it is refused. */
export type Admission =
  | { readonly admitted: true; readonly scopes: readonly Scope[] }
  | { readonly admitted: false; readonly because: ErrorShape; readonly closeWith: number };

/**
 * May this client come in, its secret and its signature apart, and which scopes may it have at most? Fails closed: what is
 * not known to be meant for it, it does not get.
 */
export function admit(
  params: ConnectParams,
  from: { readonly address: string; readonly mode: AuthSettings["mode"] },
): Admission {
  if (!speaksOurs(params)) return protocolMismatch(params);
  const { role = "operator", scopes = [], device } = params;
  if (role !== "operator" && role !== "node") return refusal({ code: "INVALID_REQUEST", message: "invalid role" });
  if (!device) return admitWithoutDevice(params, from, role);
  if (role === "node") return pairingRequired("pairing required: this gateway does not pair nodes yet", params);
  if (!isLoopback(from.address)) return pairingRequired("pairing required: device is not approved yet", params);
  return { admitted: true, scopes: known(scopes) };
}

/** Those who are trusted with a shared secret alone, as long as they run on this machine. */
const deviceless: readonly { readonly id: string; readonly mode: string; readonly needsSecret: boolean }[] = [
  { id: "cli", mode: "cli", needsSecret: true },
  { id: "gateway-client", mode: "backend", needsSecret: false },
];

/** Apps with a person before them, who must be told apart by their device. */
const mustHaveDevice: readonly string[] = ["openclaw-control-ui", "openclaw-tui"];

function admitWithoutDevice(
  { client, scopes = [] }: ConnectParams,
  { address, mode }: { readonly address: string; readonly mode: AuthSettings["mode"] },
  role: string,
): Admission {
  if (role === "node") return deviceRequired("NOT_PAIRED", "DEVICE_IDENTITY_REQUIRED");
  if (mustHaveDevice.includes(client.id)) {
    return deviceRequired("INVALID_REQUEST", "CONTROL_UI_DEVICE_IDENTITY_REQUIRED");
  }
  const trusted = deviceless.find(({ id, mode: of }) => id === client.id && of === client.mode);
  if (mode === "none" && trusted?.needsSecret) return deviceRequired("NOT_PAIRED", "DEVICE_IDENTITY_REQUIRED");
  return { admitted: true, scopes: trusted && isLoopback(address) ? known(scopes) : [] };
}

/** Probes only look, and nodes may be older than we are. */
function speaksOurs({ minProtocol, maxProtocol, client, role }: ConnectParams): boolean {
  const mayBeOlder = client.mode === "probe" || (client.mode === "node" && role === "node");
  return minProtocol <= protocol && maxProtocol >= (mayBeOlder ? oldestProtocol : protocol);
}

function protocolMismatch({ minProtocol, maxProtocol }: ConnectParams): Admission {
  const details = {
    code: "PROTOCOL_MISMATCH",
    clientMinProtocol: minProtocol,
    clientMaxProtocol: maxProtocol,
    expectedProtocol: protocol,
    minimumProbeProtocol: oldestProtocol,
  };
  return refusal({ code: "INVALID_REQUEST", message: "protocol mismatch", details }, closeCode.protocol);
}

function deviceRequired(code: "INVALID_REQUEST" | "NOT_PAIRED", detail: string): Admission {
  return refusal({ code, message: "device identity required", details: { code: detail } });
}

function pairingRequired(message: string, { device, role = "operator", scopes = [] }: ConnectParams): Admission {
  const details = { code: "PAIRING_REQUIRED", reason: "not-paired", deviceId: device?.id, requestedRole: role };
  return refusal({ code: "NOT_PAIRED", message, details: { ...details, requestedScopes: scopes } });
}

function refusal(because: ErrorShape, closeWith: number = closeCode.policy): Admission {
  return { admitted: false, because, closeWith };
}

function isLoopback(address: string): boolean {
  return addressGroup(address) === loopback;
}

/** Scopes of a later version are not granted: nothing here would ask for them. */
function known(scopes: readonly string[]): readonly Scope[] {
  return [...new Set(scopes)].flatMap((asked) => allScopes.find((scope) => scope === asked) ?? []);
}
