import { Secret } from "#base";
import { covers, united } from "./authority.ts";
import type { DeviceRecord, GrantRecord } from "./device-record.ts";
import type { Arrival, DeviceRole, Entrance, PairingRequest } from "./devices.ts";
import { issueGrant, opens, tokenOf } from "./grant-token.ts";
import { judge, type Verdict } from "./judge.ts";
import { activeGrants, approvedDevice, clippedAbout, withGrant } from "./paired.ts";
import { deviceOf, hasRoomFor, keepDevice, type Room } from "./room.ts";

/** Lets a device in, as what it may be, or says what it waits for. */
export async function enter(room: Room, arrived: Arrival): Promise<Entrance> {
  if (room.books.isBusy) return { entered: false, because: "tooManyRequests" };
  const scopes = arrived.role === "operator" ? united(arrived.scopes) : [];
  const arrival = { ...arrived, scopes, about: clippedAbout(arrived.about) };
  return room.books.change(() => admit(room, arrival));
}

interface Visit {
  readonly room: Room;
  readonly arrival: Arrival;
  readonly device: DeviceRecord | undefined;
}

async function admit(room: Room, arrival: Arrival): Promise<Entrance> {
  const { deviceId, proof } = arrival;
  const device = deviceOf(room, deviceId);
  const visit: Visit = { room, arrival, device };
  const verdict = judge(arrival, {
    device,
    isDamaged: room.books.devices.isDamaged(deviceId),
    setup: proof.by === "setupCode" ? room.setups.find(proof.code) : undefined,
    autoApproveLocal: room.autoApproveLocal(),
  });
  switch (verdict.does) {
    case "refuse":
      return { entered: false, because: verdict.because };
    case "ask":
      return ask(visit, verdict.reason);
    case "approve":
      return approveAtTheDoor(visit, verdict);
    case "enter":
      return letIn(visit);
  }
}

function ask({ room, arrival, device }: Visit, reason: PairingRequest["reason"]): Entrance {
  const { deviceId, publicKey, about, role, scopes } = arrival;
  if (!hasRoomFor(room, deviceId)) return { entered: false, because: "tooManyRequests" };
  const asked = room.waiting.ask({ deviceId, publicKey, about, role, scopes, reason });
  if (!asked.taken) {
    room.log.warn("too many devices wait for approval", { deviceId });
    return { entered: false, because: "tooManyRequests" };
  }
  const { request, isNew, replaced } = asked;
  if (replaced) room.audience.tell({ type: "deviceResolved", request: replaced, decision: "rejected" });
  if (isNew) room.audience.tell({ type: "deviceRequested", request });
  const grants = activeGrants(device);
  if (grants.length === 0) return { entered: false, because: "approvalNeeded", request };
  const approved = {
    roles: grants.map((grant) => grant.role),
    scopes: united(...grants.map((grant) => grant.scopes)),
  };
  return { entered: false, because: "approvalNeeded", request, approved };
}

async function approveAtTheDoor(
  { room, arrival, device }: Visit,
  { via, scopes, setup }: Extract<Verdict, { does: "approve" }>,
): Promise<Entrance> {
  const { deviceId, role } = arrival;
  if (!hasRoomFor(room, deviceId)) return { entered: false, because: "tooManyRequests" };
  const now = room.clock.now();
  const approved = approvedDevice(room.key(), device, { ...arrival, scopes, via, now });
  const kept = { ...withOwnToken(room, approved, role), lastSeenAt: now };
  await keepDevice(room, kept, ...(setup ? [room.setups.used(setup)] : []));
  room.log.info("a device was paired", { deviceId, role, scopes, via });
  const answered = room.waiting.ofDevice(deviceId).filter((request) => {
    return request.role === role && covers(new Set(scopes), request.scopes) && room.waiting.forget(request);
  });
  for (const request of answered) room.audience.tell({ type: "deviceResolved", request, decision: "approved" });
  room.audience.tell({ type: "devicesChanged" });
  return letIn({ room, arrival, device: kept });
}

async function letIn({ room, arrival, device }: Visit): Promise<Entrance> {
  const { deviceId, role, about, proof, scopes } = arrival;
  if (!device) throw new Error("a device that nobody knows was judged to be known");
  const isByToken = proof.by === "deviceToken";
  const own = isByToken ? device : withOwnToken(room, device, role);
  if (own !== device) await keepDevice(room, own);
  const grant = activeGrant(own, role);
  const token = isByToken ? new Secret(proof.token) : tokenOf(room.key(), { deviceId, role }, grant);
  room.sightings.entered(deviceId, about, isByToken ? role : undefined);
  return { entered: true, scopes: new Set(scopes), token, tokenIssuedAt: grant.tokenIssuedAt };
}

/** The device as it is, where its token can be made again. With another key it cannot, so then it gets a new one. */
function withOwnToken(room: Room, device: DeviceRecord, role: DeviceRole): DeviceRecord {
  const { deviceId } = device;
  const key = room.key();
  const grant = activeGrant(device, role);
  if (opens(grant, tokenOf(key, { deviceId, role }, grant).reveal())) return device;
  room.log.warn("a device gets a new token, because the key that made the old one is gone", { deviceId, role });
  const { scopes, counter } = grant;
  return withGrant(device, issueGrant(key, { deviceId, role, scopes, counter: counter + 1, now: room.clock.now() }));
}

function activeGrant(device: DeviceRecord, role: DeviceRole): GrantRecord {
  const grant = activeGrants(device).find((active) => active.role === role);
  if (!grant) throw new Error("a device without a grant was judged to have one");
  return grant;
}
