import type { Arrival } from "#devices";
import { expect, test } from "bun:test";
import {
  arrivalOf,
  deviceId,
  DeviceHouse,
  done,
  entered,
  holder,
  owner,
  requested,
} from "../../support/device-house.ts";

const tenMinutesMs = 10 * 60_000;
const access = { role: "operator", scopes: ["operator.read"] } as const;
const wrongSetupCode = { entered: false, because: "wrongSetupCode" } as const;

function withCode(code: string, more: Partial<Arrival> = {}): Partial<Arrival> {
  return { proof: { by: "setupCode", code }, ...more };
}

test("a setup code pairs one device, once, also after a restart and however it is typed", async () => {
  await using house = new DeviceHouse();
  const setup = await done(house.devices.makeSetupCode(access, owner));
  expect(setup.expiresAt).toBe(house.clock.now() + tenMinutesMs);
  await house.restart();
  expect(await house.devices.setupStatus(setup.setupId)).toBe("waiting");
  const typed = ` ${setup.code.reveal().toLowerCase().replaceAll("-", " ")} `;
  const { scopes, token } = await entered(house.devices, "a", withCode(typed));
  expect(scopes).toEqual(new Set(["operator.read"]));
  expect(await house.devices.setupStatus(setup.setupId)).toBe("used");
  expect(await house.devices.paired()).toMatchObject([
    { approvedVia: "setup-code", grants: [{ scopes: ["operator.read"] }] },
  ]);
  await entered(house.devices, "a", { proof: { by: "deviceToken", token: token.reveal() } });
  await house.restart();
  expect(await house.devices.setupStatus(setup.setupId)).toBe("used");
  for (const name of ["a", "b"])
    expect(await house.devices.enter(arrivalOf(name, withCode(setup.code.reveal())))).toEqual(wrongSetupCode);
});

test("of twenty who bring the same code at once, at two gateways, one gets in", async () => {
  await using house = new DeviceHouse();
  const { code } = await done(house.devices.makeSetupCode(access, owner));
  const gateways = [house.devices, house.second()];
  await Promise.all(gateways.map((gateway) => gateway.paired()));
  const entrances = await Promise.all(
    Array.from({ length: 20 }, (_, i) => gateways[i % 2]?.enter(arrivalOf(`d${i}`, withCode(code.reveal())))),
  );
  expect(entrances.filter((entrance) => entrance?.entered)).toHaveLength(1);
  expect(entrances.filter((entrance) => !entrance?.entered)).toEqual(Array.from({ length: 19 }, () => wrongSetupCode));
  await house.restart();
  expect(await house.devices.paired()).toHaveLength(1);
});

test("a code gives what it was made for, and is not used up by who asks for something else", async () => {
  await using house = new DeviceHouse();
  const { code } = await done(house.devices.makeSetupCode(access, owner));
  const wider = arrivalOf("a", withCode(code.reveal(), { scopes: ["operator.read", "operator.admin"] }));
  expect(await house.devices.enter(wider)).toEqual({ entered: false, because: "scopeTooWide" });
  const node = arrivalOf("a", withCode(code.reveal(), { role: "node", scopes: [] }));
  expect(await house.devices.enter(node)).toEqual(wrongSetupCode);
  expect(await house.devices.paired()).toEqual([]);
  await entered(house.devices, "a", withCode(code.reveal()));
});

test("a node's code carries no operator scope", async () => {
  await using house = new DeviceHouse();
  const issuer = holder("operator.pairing");
  const { code } = await done(house.devices.makeSetupCode({ role: "node", scopes: ["operator.admin"] }, issuer));
  const { scopes } = await entered(house.devices, "n", withCode(code.reveal(), { role: "node", scopes: [] }));
  expect(scopes.size).toBe(0);
});

test("a code ends when its time of day has come, also on a machine that slept", async () => {
  await using house = new DeviceHouse();
  const { code, setupId } = await done(house.devices.makeSetupCode(access, owner));
  expect(await house.devices.setupStatus(setupId)).toBe("waiting");
  house.clock.setBack(-tenMinutesMs);
  expect(await house.devices.enter(arrivalOf("a", withCode(code.reveal())))).toEqual(wrongSetupCode);
});

test("a code ends after ten minutes, and no clock that is set back makes it longer", async () => {
  await using house = new DeviceHouse();
  const { code, setupId } = await done(house.devices.makeSetupCode(access, owner));
  house.clock.pass(1);
  house.clock.setBack(tenMinutesMs);
  expect(await house.devices.setupStatus(setupId)).toBe("waiting");
  house.clock.pass(tenMinutesMs - 2);
  expect(await house.devices.setupStatus(setupId)).toBe("waiting");
  house.clock.pass(1);
  expect(await house.devices.setupStatus(setupId)).toBe("expired");
  expect(await house.devices.enter(arrivalOf("a", withCode(code.reveal())))).toEqual(wrongSetupCode);
  expect(await house.devices.setupStatus("another")).toBe("unknown");
});

test("a code made before a restart ends when its time has come", async () => {
  await using house = new DeviceHouse();
  const { setupId } = await done(house.devices.makeSetupCode(access, owner));
  await house.restart();
  house.clock.pass(tenMinutesMs);
  expect(await house.devices.setupStatus(setupId)).toBe("expired");
});

test("fifty codes wait at most, and those that are over are cleared away", async () => {
  await using house = new DeviceHouse();
  const make = () => house.devices.makeSetupCode(access, owner);
  for (let i = 0; i < 50; i++) await done(make());
  await expect(make()).rejects.toMatchObject({ code: "tooManyRequests" });
  for (let round = 0; round < 2; round++) {
    house.clock.pass(tenMinutesMs);
    for (let i = 0; i < 50; i++) await done(make());
  }
  expect((await house.storage.records({ kind: "device.setup", limit: 500 })).length).toBe(100);
});

test("a code neither undoes a revocation nor vouches for another machine", async () => {
  await using house = new DeviceHouse();
  await entered(house.devices, "a");
  await done(house.devices.revoke({ deviceId: deviceId("a"), role: "operator" }, owner));
  const { code, setupId } = await done(house.devices.makeSetupCode(access, owner));
  expect((await requested(house.devices, "a", withCode(code.reveal()))).reason).toBe("not-paired");
  expect(await house.devices.setupStatus(setupId)).toBe("waiting");
});

test("who loses its own access takes its codes with it", async () => {
  await using house = new DeviceHouse();
  await entered(house.devices, "boss", { scopes: ["operator.admin"] });
  const boss = { ...holder("operator.admin"), deviceId: deviceId("boss") };
  const { code, setupId } = await done(house.devices.makeSetupCode(access, boss));
  const used = await done(house.devices.makeSetupCode(access, boss));
  await entered(house.devices, "b", withCode(used.code.reveal()));
  await done(house.devices.revoke({ deviceId: deviceId("boss"), role: "operator" }, owner));
  expect(await house.devices.setupStatus(setupId)).toBe("unknown");
  expect(await house.devices.setupStatus(used.setupId)).toBe("used");
  expect(await house.devices.enter(arrivalOf("a", withCode(code.reveal())))).toEqual(wrongSetupCode);
  expect(await house.devices.makeSetupCode(access, boss)).toEqual({ done: false, because: "beyondApprover" });
});
