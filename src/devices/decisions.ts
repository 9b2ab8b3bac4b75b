import { clip, type Secret } from "#base";
import type { Scope } from "#protocol";
import { handedOut, heldBy, mayDecide, scopesOf } from "./approver.ts";
import { covers, united } from "./authority.ts";
import { type DeviceRecord, longestAbout } from "./device-record.ts";
import type { Approver, Decision, DeviceRole, Grant, PairedDevice, PairingRequest } from "./devices.ts";
import { issueGrant, tokenOf } from "./grant-token.ts";
import { tellGone } from "./node-surfaces.ts";
import { activeGrants, approvedDevice, asGrant, asPaired, grantOf, withGrant } from "./paired.ts";
import { deviceOf, dropRequests, hasRoomFor, keepDevice, type Room, tooManyDevices } from "./room.ts";
import type { NewSetup } from "./setup-codes.ts";

const unknown = { done: false, because: "unknown" } as const;
const beyondApprover = { done: false, because: "beyondApprover" } as const;

interface RoleOfDevice {
  readonly deviceId: string;
  readonly role: DeviceRole;
}

export function approve(
  room: Room,
  requestId: string,
  by: Approver,
): Promise<Decision<{ readonly request: PairingRequest; readonly device: PairedDevice }>> {
  return room.books.change(async () => {
    const request = room.waiting.find(requestId);
    if (!request) return unknown;
    const { deviceId, role, scopes } = request;
    const device = deviceOf(room, deviceId);
    if (!mayDecide(room, by, handedOut(request, device))) return beyondApprover;
    if (!hasRoomFor(room, deviceId)) throw tooManyDevices();
    const approved = approvedDevice(room.key(), device, { ...request, via: "owner", now: room.clock.now() });
    await keepDevice(room, approved);
    room.waiting.forget(request);
    room.log.info("a device was approved", { deviceId, role, scopes, by: by.deviceId });
    room.audience.tell({ type: "deviceResolved", request, decision: "approved" }, { type: "devicesChanged" });
    return { done: true, value: { request, device: asPaired(approved) } };
  });
}

export function reject(room: Room, requestId: string): Promise<Decision<PairingRequest>> {
  return room.books.change(async () => {
    const request = room.waiting.find(requestId);
    if (!request) return unknown;
    dropRequests(room, [request]);
    return { done: true, value: request };
  });
}

/**
 * Forgets a device. It may do so itself, unless something of it was revoked: what an owner took away would be gone with
 * the record of it.
 */
export function remove(room: Room, deviceId: string, by: Approver): Promise<Decision<PairedDevice>> {
  return room.books.change(async () => {
    const { devices, surfaces } = room.books;
    const device = deviceOf(room, deviceId);
    if (!device) return unknown;
    const isOwn = by.deviceId === deviceId && activeGrants(device).length === device.grants.length;
    if (!isOwn && !mayDecide(room, by, scopesOf(device.grants))) return beyondApprover;
    const surface = surfaces.get(deviceId);
    await room.books.commit(
      devices.change(deviceId, undefined),
      surfaces.change(deviceId, undefined),
      ...room.setups.takenBack(deviceId),
    );
    room.sightings.forget(deviceId);
    room.log.info("a device was removed", { deviceId, by: by.deviceId });
    room.audience.tell({ type: "deviceShutOut", deviceId, because: "removed" });
    dropRequests(room, room.waiting.ofDevice(deviceId));
    if (surface) tellGone(room, surface);
    room.audience.tell({ type: "devicesChanged" });
    return { done: true, value: asPaired(device) };
  });
}

/** An empty label takes the label away. */
export function rename(room: Room, deviceId: string, text: string): Promise<Decision<PairedDevice>> {
  return room.books.change(async () => {
    const device = deviceOf(room, deviceId);
    if (!device) return unknown;
    const { label: _label, ...bare } = device;
    const label = clip(text.trim(), longestAbout);
    const renamed: DeviceRecord = label === "" ? bare : { ...bare, label };
    await keepDevice(room, renamed);
    room.audience.tell({ type: "devicesChanged" });
    return { done: true, value: asPaired(renamed) };
  });
}

export function rotate(
  room: Room,
  { deviceId, role, scopes: wanted }: RoleOfDevice & { readonly scopes?: readonly Scope[] },
  by: Approver,
): Promise<Decision<{ readonly grant: Grant; readonly token: Secret }>> {
  return room.books.change(async () => {
    const device = deviceOf(room, deviceId);
    const grant = activeGrants(device).find((active) => active.role === role);
    if (!device || !grant) return unknown;
    const scopes = role === "operator" && wanted ? united(wanted) : grant.scopes;
    const isOwn = by.deviceId === deviceId && covers(heldBy(room, by), grant.scopes);
    if (!covers(new Set(grant.scopes), scopes)) return beyondApprover;
    if (!isOwn && !mayDecide(room, by, grant.scopes)) return beyondApprover;
    const key = room.key();
    const rotated = issueGrant(key, { deviceId, role, scopes, counter: grant.counter + 1, now: room.clock.now() });
    await keepDevice(room, withGrant(device, rotated), ...room.setups.takenBack(deviceId));
    room.log.info("a device's token was rotated", { deviceId, role, scopes, by: by.deviceId });
    room.audience.tell({ type: "deviceShutOut", deviceId, role, because: "tokenChanged" }, { type: "devicesChanged" });
    return { done: true, value: { grant: asGrant(rotated), token: tokenOf(key, { deviceId, role }, rotated) } };
  });
}

/** Takes a role away until an operator gives it back. What was approved of a node goes with its role. */
export function revoke(room: Room, { deviceId, role }: RoleOfDevice, by: Approver): Promise<Decision<Grant>> {
  return room.books.change(async () => {
    const device = deviceOf(room, deviceId);
    const grant = grantOf(device, role);
    if (!device || !grant) return unknown;
    if (by.deviceId !== deviceId && !mayDecide(room, by, grant.scopes)) return beyondApprover;
    if (grant.revokedAt !== undefined) return { done: true, value: asGrant(grant) };
    const revoked = { ...grant, revokedAt: room.clock.now() };
    const surface = role === "node" ? room.books.surfaces.get(deviceId) : undefined;
    await keepDevice(
      room,
      withGrant(device, revoked),
      ...(surface ? [room.books.surfaces.change(deviceId, undefined)] : []),
      ...room.setups.takenBack(deviceId),
    );
    room.log.info("a device's role was revoked", { deviceId, role, by: by.deviceId });
    room.audience.tell({ type: "deviceShutOut", deviceId, role, because: "tokenChanged" });
    const asked = room.waiting.ofDevice(deviceId).filter((request) => request.role === role);
    dropRequests(room, asked);
    if (surface) tellGone(room, surface);
    room.audience.tell({ type: "devicesChanged" });
    return { done: true, value: asGrant(revoked) };
  });
}

export function makeSetupCode(
  room: Room,
  access: { readonly role: DeviceRole; readonly scopes: readonly Scope[] },
  by: Approver,
): Promise<Decision<NewSetup>> {
  return room.books.change(async () => {
    const scopes = access.role === "operator" ? united(access.scopes) : [];
    if (!mayDecide(room, by, scopes)) return beyondApprover;
    const setup = await room.setups.make({ role: access.role, scopes, issuer: by.deviceId });
    room.log.info("a setup code was made", { setupId: setup.setupId, role: access.role, scopes, by: by.deviceId });
    return { done: true, value: setup };
  });
}
