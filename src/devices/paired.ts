import { clip, type Secret } from "#base";
import type { Scope } from "#protocol";
import { united } from "./authority.ts";
import { type DeviceRecord, type GrantRecord, longestAbout } from "./device-record.ts";
import type { Arrival, DeviceAbout, DeviceRole, Grant, PairedDevice, PairingRequest } from "./devices.ts";
import { issueGrant } from "./grant-token.ts";

/** What a device said of itself, no longer than is kept. */
export function clippedAbout(about: DeviceAbout): DeviceAbout {
  const { clientId, clientMode, platform, deviceFamily, displayName, version } = about;
  return {
    clientId: clipped(clientId),
    clientMode: clipped(clientMode),
    platform: clipped(platform),
    ...(deviceFamily !== undefined && { deviceFamily: clipped(deviceFamily) }),
    ...(displayName !== undefined && { displayName: clipped(displayName) }),
    ...(version !== undefined && { version: clipped(version) }),
  };
}

function clipped(text: string): string {
  return clip(text, longestAbout);
}

/** What rules about platforms look at. Compared as it is written: a letter that only looks the same is another one. */
export function isSameMachine(a: DeviceAbout, b: DeviceAbout): boolean {
  return a.platform === b.platform && a.deviceFamily === b.deviceFamily;
}

export function isSameAbout(a: DeviceAbout, b: DeviceAbout): boolean {
  return (
    isSameMachine(a, b) &&
    a.clientId === b.clientId &&
    a.clientMode === b.clientMode &&
    a.displayName === b.displayName &&
    a.version === b.version
  );
}

/** The grant of a role, revoked or not. */
export function grantOf(device: DeviceRecord | undefined, role: DeviceRole): GrantRecord | undefined {
  return device?.grants.find((grant) => grant.role === role);
}

export function activeGrants(device: DeviceRecord | undefined): readonly GrantRecord[] {
  return device?.grants.filter((grant) => grant.revokedAt === undefined) ?? [];
}

export function withGrant(device: DeviceRecord, changed: GrantRecord): DeviceRecord {
  const others = device.grants.filter((grant) => grant.role !== changed.role);
  return { ...device, grants: [...others, changed] };
}

/** What was approved: of whom, and what for. */
type Approval = Pick<Arrival | PairingRequest, "deviceId" | "publicKey" | "about" | "role"> & {
  readonly scopes: readonly Scope[];
  readonly via: PairedDevice["approvedVia"];
  readonly now: number;
};

/** The device with what was approved, beside what it had. A revoked grant gives nothing to the one after it. */
export function approvedDevice(key: Secret, device: DeviceRecord | undefined, approval: Approval): DeviceRecord {
  const { deviceId, publicKey, role, scopes, via, now } = approval;
  const about = clippedAbout(approval.about);
  const old = grantOf(device, role);
  const grant =
    old && old.revokedAt === undefined
      ? { ...old, scopes: united(old.scopes, scopes) }
      : issueGrant(key, { deviceId, role, scopes: united(scopes), counter: (old?.counter ?? -1) + 1, now });
  const how = { publicKey, about, approvedVia: via, approvedAt: now };
  return device ? withGrant({ ...device, ...how }, grant) : { deviceId, ...how, grants: [grant], pairedAt: now };
}

/** As it may be told: without anything of its tokens. */
export function asPaired(device: DeviceRecord): PairedDevice {
  return { ...device, grants: device.grants.map(asGrant) };
}

export function asGrant({ role, scopes, tokenIssuedAt, tokenLastUsedAt, revokedAt }: GrantRecord): Grant {
  return {
    role,
    scopes,
    tokenIssuedAt,
    ...(tokenLastUsedAt !== undefined && { tokenLastUsedAt }),
    ...(revokedAt !== undefined && { revokedAt }),
  };
}
