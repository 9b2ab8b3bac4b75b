import type { Clock, Log, Secret } from "#base";
import type { Storage } from "#storage";
import { Audience } from "./audience.ts";
import { Books } from "./books.ts";
import { approve, makeSetupCode, reject, remove, rename, revoke, rotate } from "./decisions.ts";
import type { Devices } from "./devices.ts";
import { enter } from "./enter.ts";
import { approveSurface, declare, rejectSurface, removeSurface, surfaces } from "./node-surfaces.ts";
import { asPaired } from "./paired.ts";
import { deviceOf, keepDevice, type Room } from "./room.ts";
import { SetupCodes } from "./setup-codes.ts";
import { Sightings } from "./sightings.ts";
import { WaitingRoom } from "./waiting-room.ts";

export interface DevicesOptions {
  readonly storage: Storage;
  /** The installation's own key, that device tokens are made with. Asked for once, when it is first needed. */
  readonly key: () => Secret;
  /** May a device on this machine be paired by what proves its owner, without a question? Yes, unless this says no. */
  readonly autoApproveLocal?: () => boolean;
  readonly clock: Clock;
  readonly log: Log;
}

export function createDevices({ storage, key, autoApproveLocal = () => true, clock, log }: DevicesOptions): Devices {
  const books = new Books(storage, log);
  const audience = new Audience(log);
  const room: Room = {
    books,
    waiting: new WaitingRoom(clock),
    sightings: new Sightings(clock),
    setups: new SetupCodes(books, clock),
    audience,
    key: once(key),
    autoApproveLocal,
    clock,
    log,
  };
  return {
    async enter(arrival) {
      const entrance = await enter(room, arrival);
      if (entrance.entered) writeSighting(room, arrival.deviceId);
      return entrance;
    },
    left(deviceId) {
      if (!books.devices.get(deviceId)) return;
      room.sightings.left(deviceId);
      writeSighting(room, deviceId);
    },
    requests: async () => room.waiting.all(),
    async paired() {
      await books.open();
      return books.devices.all().map((device) => asPaired(room.sightings.addTo(device)));
    },
    approve: (requestId, by) => approve(room, requestId, by),
    reject: (requestId) => reject(room, requestId),
    remove: (deviceId, by) => remove(room, deviceId, by),
    rename: (deviceId, label) => rename(room, deviceId, label),
    rotate: (grant, by) => rotate(room, grant, by),
    revoke: (grant, by) => revoke(room, grant, by),
    makeSetupCode: (access, by) => makeSetupCode(room, access, by),
    async setupStatus(setupId) {
      await books.open();
      const setup = books.setups.get(setupId);
      return setup ? room.setups.status(setup) : "unknown";
    },
    declare: (nodeId, about, surface) => declare(room, nodeId, { about, surface }),
    surfaces: () => surfaces(room),
    approveSurface: (requestId, by) => approveSurface(room, requestId, by),
    rejectSurface: (requestId) => rejectSurface(room, requestId),
    removeSurface: (nodeId, by) => removeSurface(room, nodeId, by),
    subscribe: (listener) => audience.subscribe(listener),
  };
}

/** When it is time; nobody waits for it, and what is lost with it is a time of day. */
function writeSighting(room: Room, deviceId: string): void {
  const isDue = () => {
    const device = room.books.devices.get(deviceId);
    return device && room.sightings.isDue(device) ? deviceOf(room, deviceId) : undefined;
  };
  if (!isDue()) return;
  const write = async () => {
    const device = isDue();
    if (device) await keepDevice(room, device);
  };
  room.books.change(write).catch((error: unknown) => {
    room.log.debug("when a device was last seen could not be written", { deviceId, error });
  });
}

/** What failed is asked for again. */
function once<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}
