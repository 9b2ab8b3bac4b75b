import type { Clock, Log, Secret } from "#base";
import { fault } from "#protocol";
import type { Audience } from "./audience.ts";
import type { Books } from "./books.ts";
import type { DeviceRecord } from "./device-record.ts";
import type { PairingRequest } from "./devices.ts";
import type { SetupCodes } from "./setup-codes.ts";
import type { ShelfWrite } from "./shelf.ts";
import type { Sightings } from "./sightings.ts";
import type { WaitingRoom } from "./waiting-room.ts";

/** What those who change something about devices share. */
export interface Room {
  readonly books: Books;
  readonly waiting: WaitingRoom;
  readonly sightings: Sightings;
  readonly setups: SetupCodes;
  readonly audience: Audience;
  readonly key: () => Secret;
  readonly autoApproveLocal: () => boolean;
  readonly clock: Clock;
  readonly log: Log;
}

/** A device as it is now: what is on disk, and what was seen of it since. */
export function deviceOf({ books, sightings }: Room, deviceId: string): DeviceRecord | undefined {
  const device = books.devices.get(deviceId);
  return device && sightings.addTo(device);
}

/** Puts a device on disk, with whatever must become true with it. */
export async function keepDevice(room: Room, device: DeviceRecord, ...more: readonly ShelfWrite[]): Promise<void> {
  await room.books.commit(room.books.devices.change(device.deviceId, device), ...more);
  room.sightings.forget(device.deviceId);
}

/** Requests that nobody can answer any more. */
export function dropRequests(room: Room, requests: readonly PairingRequest[]): void {
  for (const request of requests) {
    if (!room.waiting.forget(request)) continue;
    room.audience.tell({ type: "deviceResolved", request, decision: "rejected" });
  }
}

/** May one more device be kept? */
export function hasRoomFor(room: Room, deviceId: string): boolean {
  if (!room.books.isFull || room.books.devices.get(deviceId) || room.books.devices.isDamaged(deviceId)) return true;
  room.log.warn("no more devices can be paired; remove some that are not used", { deviceId });
  return false;
}

export function tooManyDevices(): Error {
  return fault.tooManyRequests({ problem: "There are as many devices as can be kept; remove some first" });
}
