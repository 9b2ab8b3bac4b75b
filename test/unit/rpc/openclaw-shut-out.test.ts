import type { Devices } from "#devices";
import { expect, test } from "bun:test";
import { DeviceKey } from "../../support/device-key.ts";
import { owner } from "../../support/device-house.ts";
import { OpenClawSocket } from "../../support/openclaw-socket.ts";
import { House, openRpc, rightToken } from "../../support/rpc-house.ts";
import { until } from "../../support/until.ts";

test("SEC-09: a device that is removed between its proof and its hello does not come in", async () => {
  await using house = new House();
  const { devices } = house.devices;
  const removing: Devices = {
    ...devices,
    enter: async (arrival) => {
      const entrance = await devices.enter(arrival);
      await devices.remove(arrival.deviceId, owner);
      return entrance;
    },
  };
  await using rpc = openRpc(house, { services: { ...house.services, devices: async () => removing } });
  const device = new DeviceKey();
  const socket = new OpenClawSocket(rpc);
  const { nonce, ts } = socket.challenge;
  const text = ["v3", device.id, "openclaw-tui", "ui", "operator", "operator.read", ts, rightToken, nonce, "linux", ""];
  socket.connect({
    client: { id: "openclaw-tui", mode: "ui", version: "1", platform: "linux" },
    scopes: ["operator.read"],
    device: {
      id: device.id,
      publicKey: device.publicKey,
      signature: device.sign(text.join("|")),
      signedAt: ts,
      nonce,
    },
  });
  expect((await socket.answer("0")).ok).toBe(false);
  expect(await until("the close", () => socket.socket.closed)).toEqual({ code: 4001, reason: "device removed" });
  expect(rpc.connections()).toEqual([]);
});
