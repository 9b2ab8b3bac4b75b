import { Secret } from "#base";
import type { DeviceChange } from "#devices";
import { expect, test } from "bun:test";
import {
  arrivalOf,
  deviceId,
  DeviceHouse,
  done,
  entered,
  owner,
  remote,
  requested,
} from "../../support/device-house.ts";

const operatorOfA = { deviceId: deviceId("a"), role: "operator" } as const;
const wrongToken = { entered: false, because: "wrongToken" } as const;
const bring = (token: Secret) => ({ proof: { by: "deviceToken", token: token.reveal() } }) as const;

test("a token opens for its own device and role alone", async () => {
  await using house = new DeviceHouse();
  const { token } = await entered(house.devices, "a");
  await entered(house.devices, "b");
  await entered(house.devices, "a", { role: "node", scopes: [] });
  expect(await house.devices.enter(arrivalOf("b", bring(token)))).toEqual(wrongToken);
  expect(await house.devices.enter(arrivalOf("stranger", bring(token)))).toEqual(wrongToken);
  expect(await house.devices.enter(arrivalOf("a", { ...bring(token), role: "node", scopes: [] }))).toEqual(wrongToken);
  expect(await house.devices.enter(arrivalOf("a", bring(new Secret(`${token.reveal()}x`))))).toEqual(wrongToken);
  expect(await house.devices.enter(arrivalOf("a", bring(new Secret("x".repeat(1_000_000)))))).toEqual(wrongToken);
  await entered(house.devices, "a", bring(token));
});

test("a rotated token replaces the one before it at once, and for good", async () => {
  await using house = new DeviceHouse();
  const first = await entered(house.devices, "a", { scopes: ["operator.write"] });
  house.clock.pass(5);
  const seen = house.changes.length;
  const rotated = await done(house.devices.rotate({ ...operatorOfA, scopes: ["operator.read"] }, owner));
  expect(house.changes.slice(seen)).toEqual<DeviceChange[]>([
    { type: "deviceShutOut", ...operatorOfA, because: "tokenChanged" },
    { type: "devicesChanged" },
  ]);
  expect(rotated.grant).toEqual({
    role: "operator",
    scopes: ["operator.read"],
    tokenIssuedAt: first.tokenIssuedAt + 5,
  });
  await house.restart();
  expect(await house.devices.enter(arrivalOf("a", bring(first.token)))).toEqual(wrongToken);
  await entered(house.devices, "a", bring(rotated.token));
  expect(await house.devices.enter(arrivalOf("a", { ...bring(rotated.token), scopes: ["operator.write"] }))).toEqual({
    entered: false,
    because: "scopeTooWide",
  });
  expect((await entered(house.devices, "a", { proof: remote })).token.reveal()).toBe(rotated.token.reveal());
});

test("a rotation gives no scope that was not granted", async () => {
  await using house = new DeviceHouse();
  await entered(house.devices, "a");
  const wider = house.devices.rotate({ ...operatorOfA, scopes: ["operator.write"] }, owner);
  expect(await wider).toEqual({ done: false, because: "beyondApprover" });
});

test("a revoked role comes back by an operator's yes alone, and with another token", async () => {
  await using house = new DeviceHouse();
  const { token } = await entered(house.devices, "a");
  const node = await entered(house.devices, "a", { role: "node", scopes: [] });
  await done(house.devices.revoke(operatorOfA, owner));
  expect(house.changes).toContainEqual({ type: "deviceShutOut", ...operatorOfA, because: "tokenChanged" });
  await house.restart();
  expect(await house.devices.enter(arrivalOf("a", bring(token)))).toEqual(wrongToken);
  await entered(house.devices, "a", { ...bring(node.token), role: "node", scopes: [] });
  const request = await requested(house.devices, "a");
  expect(request.reason).toBe("role-upgrade");
  await done(house.devices.approve(request.requestId, owner));
  const again = await entered(house.devices, "a");
  expect(again.token.reveal()).not.toBe(token.reveal());
  expect(await house.devices.enter(arrivalOf("a", bring(token)))).toEqual(wrongToken);
});

test("a revoked role gives none of its scopes to the next", async () => {
  await using house = new DeviceHouse();
  await entered(house.devices, "a", { scopes: ["operator.admin"] });
  await done(house.devices.revoke(operatorOfA, owner));
  const request = await requested(house.devices, "a");
  const { device } = await done(house.devices.approve(request.requestId, owner));
  expect(device.grants).toMatchObject([{ scopes: ["operator.read"] }]);
});

test("a revocation takes away what was asked for before it", async () => {
  await using house = new DeviceHouse();
  await entered(house.devices, "a");
  const request = await requested(house.devices, "a", { proof: remote, scopes: ["operator.write"] });
  await done(house.devices.revoke(operatorOfA, owner));
  expect(await house.devices.approve(request.requestId, owner)).toEqual({ done: false, because: "unknown" });
});

test("what is revoked stays revoked from when it was", async () => {
  await using house = new DeviceHouse();
  await entered(house.devices, "a");
  const first = await done(house.devices.revoke(operatorOfA, owner));
  const told = house.changes.length;
  house.clock.pass(1);
  expect(await done(house.devices.revoke(operatorOfA, owner))).toEqual(first);
  expect(house.changes).toHaveLength(told);
});

test("a removed device is a new one when it comes again", async () => {
  await using house = new DeviceHouse();
  const { token } = await entered(house.devices, "a", { scopes: ["operator.admin"] });
  const request = await requested(house.devices, "a", { proof: remote, role: "node", scopes: [] });
  await done(house.devices.remove(deviceId("a"), owner));
  expect(house.changes).toContainEqual({ type: "deviceShutOut", deviceId: deviceId("a"), because: "removed" });
  expect(house.changes).toContainEqual({ type: "deviceResolved", request, decision: "rejected" });
  expect(await house.devices.paired()).toEqual([]);
  expect(await house.devices.enter(arrivalOf("a", bring(token)))).toEqual(wrongToken);
  expect((await requested(house.devices, "a", { proof: remote })).reason).toBe("not-paired");
  await house.restart();
  expect(await house.devices.enter(arrivalOf("a", bring(token)))).toEqual(wrongToken);
  const again = await entered(house.devices, "a");
  expect(again.token.reveal()).not.toBe(token.reveal());
  expect(await house.devices.enter(arrivalOf("a", bring(token)))).toEqual(wrongToken);
});

test("a device is told that it is shut out when that is on disk, not before", async () => {
  await using house = new DeviceHouse();
  const { token } = await entered(house.devices, "a");
  const seen: unknown[] = [];
  house.devices.subscribe((change) => {
    if (change.type === "deviceShutOut") seen.push(house.second().enter(arrivalOf("a", bring(token))));
  });
  await done(house.devices.rotate(operatorOfA, owner));
  expect(await Promise.all(seen)).toEqual([wrongToken]);
});

test("with another key every device gets another token, by the shared secret alone", async () => {
  await using house = new DeviceHouse();
  const first = await entered(house.devices, "a");
  house.key = new Secret("l".repeat(64));
  await house.restart();
  await entered(house.devices, "a", bring(first.token));
  const second = await entered(house.devices, "a");
  expect(second.token.reveal()).not.toBe(first.token.reveal());
  expect(await house.devices.enter(arrivalOf("a", bring(first.token)))).toEqual(wrongToken);
  await entered(house.devices, "a", bring(second.token));
});

test("of the database of one installation no other can make tokens", async () => {
  await using house = new DeviceHouse();
  const first = await entered(house.devices, "a");
  await using other = new DeviceHouse();
  other.key = new Secret("o".repeat(64));
  const rows = await house.storage.records({ kind: "device", limit: 10 });
  await other.storage.writeRecords(rows.map(({ kind, id, data }) => ({ kind, id, data })));
  expect((await entered(other.devices, "a")).token.reveal()).not.toBe(first.token.reveal());
});
