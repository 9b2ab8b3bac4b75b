import type { Clock } from "#base";
import type { DeviceRecord } from "./device-record.ts";
import type { DeviceAbout, DeviceRole } from "./devices.ts";

const writtenEveryMs = 10 * 60_000;

interface Sighting {
  readonly at: number;
  readonly about?: DeviceAbout;
  readonly tokenUsedAt?: { readonly [R in DeviceRole]?: number };
}

/** When devices were last here, for now in memory: it goes to disk seldom, or when the device is written anyway. */
export class Sightings {
  readonly #clock: Clock;
  readonly #seen = new Map<string, Sighting>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  entered(deviceId: string, about: DeviceAbout, byTokenOf: DeviceRole | undefined): void {
    const at = this.#clock.now();
    const tokenUsedAt = { ...this.#seen.get(deviceId)?.tokenUsedAt, ...(byTokenOf && { [byTokenOf]: at }) };
    this.#seen.set(deviceId, { at, about, tokenUsedAt });
  }

  left(deviceId: string): void {
    this.#seen.set(deviceId, { ...this.#seen.get(deviceId), at: this.#clock.now() });
  }

  forget(deviceId: string): void {
    this.#seen.delete(deviceId);
  }

  /** Has so much time gone by that it should be written? A clock that was set back counts too. */
  isDue(device: DeviceRecord): boolean {
    const seen = this.#seen.get(device.deviceId);
    return seen !== undefined && Math.abs(seen.at - (device.lastSeenAt ?? 0)) >= writtenEveryMs;
  }

  /** The device with what was seen of it since it was written. */
  addTo(device: DeviceRecord): DeviceRecord {
    const seen = this.#seen.get(device.deviceId);
    if (!seen) return device;
    const grants = device.grants.map((grant) => {
      const usedAt = seen.tokenUsedAt?.[grant.role];
      return usedAt === undefined ? grant : { ...grant, tokenLastUsedAt: usedAt };
    });
    return { ...device, grants, lastSeenAt: seen.at, ...(seen.about && { about: seen.about }) };
  }
}
