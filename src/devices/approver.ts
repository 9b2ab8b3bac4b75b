import type { Scope } from "#protocol";
import { covers } from "./authority.ts";
import type { DeviceRecord, GrantRecord } from "./device-record.ts";
import type { Approver, PairingRequest } from "./devices.ts";
import { activeGrants, grantOf, isSameMachine } from "./paired.ts";
import { deviceOf, type Room } from "./room.ts";

/**
 * What an approver holds now. One who came with a device holds no more than that device is still granted: its socket may
 * not be closed yet.
 */
export function heldBy(room: Room, { scopes, deviceId }: Approver): ReadonlySet<Scope> {
  if (deviceId === undefined) return scopes;
  const grant = grantOf(deviceOf(room, deviceId), "operator");
  if (!grant || grant.revokedAt !== undefined) return new Set();
  const granted = new Set(grant.scopes);
  return new Set([...scopes].filter((scope) => covers(granted, [scope])));
}

/** May it decide about grants of these scopes? */
export function mayDecide(room: Room, by: Approver, scopes: readonly Scope[]): boolean {
  return covers(heldBy(room, by), ["operator.pairing", ...scopes]);
}

/** What a yes hands out. A device that is another machine now gets everything back that it was held from. */
export function handedOut(request: PairingRequest, device: DeviceRecord | undefined): readonly Scope[] {
  if (!device || isSameMachine(device.about, request.about)) return request.scopes;
  return [...request.scopes, ...scopesOf(activeGrants(device))];
}

export function scopesOf(grants: readonly GrantRecord[]): readonly Scope[] {
  return grants.flatMap((grant) => grant.scopes);
}
