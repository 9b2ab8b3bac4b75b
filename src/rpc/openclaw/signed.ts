import type { Arrival, Proof } from "#devices";
import type { Match } from "../authenticator.ts";
import type { Caller } from "../caller.ts";
import { knownScopes } from "./admission.ts";
import type { ConnectParams, Device } from "./connect-params.ts";

/** A connect that a device has signed, as was checked, with its key in our spelling. */
export type Signed = ConnectParams & { readonly device: Device };

/** A setup code is looked at before all else, because it says by itself what may be had. */
export function proofOf(
  auth: NonNullable<ConnectParams["auth"]>,
  caller: Caller,
  match: Match | undefined,
): Proof | undefined {
  const isLocal = caller.isLocal ?? false;
  if (auth.bootstrapToken) return { by: "setupCode", code: auth.bootstrapToken };
  if (match) return { by: match.by === "none" ? "nothing" : "sharedSecret", isLocal };
  const token = auth.deviceToken || auth.token;
  return token ? { by: "deviceToken", token } : undefined;
}

/** What the devices are told of it. The device has signed, so its key is known to be its own. */
export function arrivalOf({ client, device, role, scopes }: Signed, proof: Proof): Arrival {
  const { id: clientId, mode: clientMode, platform, deviceFamily, displayName, version } = client;
  return {
    deviceId: device.id,
    publicKey: device.publicKey,
    about: {
      clientId,
      clientMode,
      platform,
      version,
      ...(deviceFamily !== undefined && { deviceFamily }),
      ...(displayName !== undefined && { displayName }),
    },
    role: role === "node" ? "node" : "operator",
    scopes: knownScopes(scopes),
    proof,
  };
}
