import type { DeviceChange } from "#devices";
import { pairingRow } from "./device-rows.ts";
import { type WireEvent, wireEvent } from "./wire-events.ts";

/** A change among the devices, as clients are told of it. */
export function deviceEvents(change: DeviceChange, now: number): readonly WireEvent[] {
  switch (change.type) {
    case "deviceRequested":
      return [wireEvent("device.pair.requested", pairingRow(change.request))];
    case "deviceResolved": {
      const { requestId, deviceId } = change.request;
      return [wireEvent("device.pair.resolved", { requestId, deviceId, decision: change.decision, ts: now })];
    }
    case "devicesChanged":
      return [wireEvent("device.pair.changed", {})];
    case "deviceShutOut":
    case "surfaceRequested":
    case "surfaceResolved":
      return [];
  }
}
