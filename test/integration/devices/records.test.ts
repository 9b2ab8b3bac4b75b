import { createDevices } from "#devices";
import type { Storage } from "#storage";
import { expect, test } from "bun:test";
import {
  arrivalOf,
  deviceId,
  DeviceHouse,
  done,
  entered,
  linux,
  owner,
  remote,
  requested,
} from "../../support/device-house.ts";
import { until } from "../../support/until.ts";

const tenMinutesMs = 10 * 60_000;

test.each([
  ["no JSON", () => "{"],
  ["nothing of a device", () => "{}"],
  ["a scope that nobody knows", (data: string) => data.replace("operator.read", "operator.everything")],
  ["a hash that is none", (data: string) => data.replace(/"tokenHash":"[0-9a-f]/, '"tokenHash":"')],
  ["another device", (data: string) => data.replaceAll(deviceId("a"), deviceId("b"))],
])("a record with %s is left out and logged, and its device waits for a yes", async (_what, damage) => {
  await using house = new DeviceHouse();
  await entered(house.devices, "a");
  await entered(house.devices, "c");
  const row = await house.storage.record("device", deviceId("a"));
  const data = damage(row?.data ?? "");
  await house.storage.writeRecords([{ kind: "device", id: deviceId("a"), data }]);
  await house.restart();
  expect((await house.devices.paired()).map((device) => device.deviceId)).toEqual([deviceId("c")]);
  expect(house.lines.join("\n")).toContain("a record is damaged");
  const { requestId } = await requested(house.devices, "a");
  await done(house.devices.approve(requestId, owner));
  await entered(house.devices, "a");
  await house.restart();
  expect(await house.devices.paired()).toHaveLength(2);
});

test("a damaged code and a damaged surface are left out", async () => {
  await using house = new DeviceHouse();
  await entered(house.devices, "n", { role: "node", scopes: [] });
  await house.storage.writeRecords([
    { kind: "device.setup", id: "s", data: '{"setupId":"s"}' },
    { kind: "device.surface", id: deviceId("n"), data: "[]" },
  ]);
  await house.restart();
  expect(await house.devices.setupStatus("s")).toBe("unknown");
  expect(await house.devices.surfaces()).toEqual([]);
  expect(await house.devices.declare(deviceId("n"), linux, { caps: ["x"], commands: [] })).toMatchObject({
    pending: { caps: ["x"] },
  });
});

test("an ordinary reconnect writes nothing; when a device was last seen is written every ten minutes", async () => {
  await using house = new DeviceHouse();
  const { token } = await entered(house.devices, "a");
  const proof = { by: "deviceToken", token: token.reveal() } as const;
  const row = () => house.storage.record("device", deviceId("a"));
  house.clock.pass(tenMinutesMs - 1);
  await entered(house.devices, "a", { proof, about: { ...linux, version: "2" } });
  house.devices.left(deviceId("a"));
  house.devices.left(deviceId("stranger"));
  const seenAt = house.clock.now();
  expect(await house.devices.paired()).toMatchObject([
    { lastSeenAt: seenAt, about: { version: "2" }, grants: [{ tokenLastUsedAt: seenAt }] },
  ]);
  await done(house.devices.rename(deviceId("none"), "x").then(() => house.devices.rename(deviceId("a"), " desk ")));
  expect((await row())?.version).toBe(2);
  house.clock.pass(tenMinutesMs);
  house.devices.left(deviceId("a"));
  house.devices.left(deviceId("a"));
  await until("the sighting on disk", async () => (await row())?.version === 3);
  await entered(house.devices, "a", { proof });
  await house.restart();
  expect((await row())?.version).toBe(3);
  expect(await house.devices.paired()).toMatchObject([
    {
      label: "desk",
      lastSeenAt: seenAt + tenMinutesMs,
      about: { version: "2" },
      grants: [{ tokenLastUsedAt: seenAt }],
    },
  ]);
});

test("a name is given, kept to a length, and taken away", async () => {
  await using house = new DeviceHouse();
  await entered(house.devices, "a");
  expect(await done(house.devices.rename(deviceId("a"), "n".repeat(1_000)))).toMatchObject({ label: "n".repeat(256) });
  const { label } = await done(house.devices.rename(deviceId("a"), " "));
  expect(label).toBeUndefined();
  expect(await house.devices.rename(deviceId("b"), "x")).toEqual({ done: false, because: "unknown" });
});

test("a thousand devices can be kept, and the one after them is refused in every way", async () => {
  await using house = new DeviceHouse();
  await entered(house.devices, "a");
  const row = await house.storage.record("device", deviceId("a"));
  const setup = await done(house.devices.makeSetupCode({ role: "operator", scopes: ["operator.read"] }, owner));
  const others = Array.from({ length: 998 }, (_, i) => deviceId(`other ${i}`));
  await house.storage.writeRecords(
    others.map((id) => ({ kind: "device", id, data: row?.data.replaceAll(deviceId("a"), id) ?? "" })),
  );
  const full = house.second();
  const waiting = await requested(full, "late", { proof: remote });
  await entered(full, "last");
  expect(await full.paired()).toHaveLength(1_000);
  const tooMany = { entered: false, because: "tooManyRequests" } as const;
  await expect(full.approve(waiting.requestId, owner)).rejects.toMatchObject({ code: "tooManyRequests" });
  expect(await full.enter(arrivalOf("late"))).toEqual(tooMany);
  expect(await full.enter(arrivalOf("late", { proof: remote }))).toEqual(tooMany);
  const proof = { by: "setupCode", code: setup.code.reveal() } as const;
  expect(await full.enter(arrivalOf("late", { proof }))).toEqual(tooMany);
  expect(house.lines.join("\n")).toContain("no more devices can be paired");
  await entered(full, "a", { scopes: ["operator.write"] });
  expect(await full.setupStatus(setup.setupId)).toBe("waiting");
  await done(full.remove(deviceId("other 1"), owner));
  await entered(full, "late");
});

test("nothing is true that the disk has not taken", async () => {
  await using house = new DeviceHouse();
  const { token } = await entered(house.devices, "a");
  const broken = Promise.reject(new Error("the disk is full"));
  broken.catch(() => "looked at below");
  const storage: Storage = {
    ...house.storage,
    records: (page) => house.storage.records(page),
    writeRecords: () => broken,
  };
  const { key, clock, log } = house;
  const changes: unknown[] = [];
  const devices = createDevices({ storage, key: () => key, clock, log });
  devices.subscribe((change) => changes.push(change));
  await expect(devices.enter(arrivalOf("b"))).rejects.toThrow("the disk is full");
  await expect(devices.remove(deviceId("a"), owner)).rejects.toThrow("the disk is full");
  expect(await devices.paired()).toMatchObject([{ deviceId: deviceId("a") }]);
  await entered(devices, "a", { proof: { by: "deviceToken", token: token.reveal() } });
  expect(changes).toEqual([]);
});

test("what could not be read is read when it is asked for again", async () => {
  await using house = new DeviceHouse();
  await entered(house.devices, "a");
  let failures = 1;
  const records: Storage["records"] = (page) =>
    failures-- > 0 ? Promise.reject(new Error("not now")) : house.storage.records(page);
  const { key, clock, log } = house;
  const devices = createDevices({ storage: { ...house.storage, records }, key: () => key, clock, log });
  await expect(devices.paired()).rejects.toThrow("not now");
  expect(await devices.paired()).toHaveLength(1);
});

test("what another gateway has changed on the same database is seen before anything is decided on it", async () => {
  await using house = new DeviceHouse();
  await entered(house.devices, "a");
  const second = house.second();
  await second.paired();
  await done(house.devices.rename(deviceId("a"), "desk"));
  await entered(second, "a", { scopes: ["operator.write"] });
  expect(await second.paired()).toMatchObject([
    { label: "desk", grants: [{ scopes: ["operator.read", "operator.write"] }] },
  ]);
});

test("a listener that throws stops nobody, and one that has left hears nothing", async () => {
  await using house = new DeviceHouse();
  house.devices.subscribe(() => {
    throw new Error("a bug");
  });
  const heard: string[] = [];
  const stop = house.devices.subscribe(({ type }) => heard.push(type));
  await entered(house.devices, "a");
  expect(heard).toEqual(["devicesChanged"]);
  expect(house.lines.join("\n")).toContain("a bug");
  stop();
  await done(house.devices.remove(deviceId("a"), owner));
  expect(heard).toHaveLength(1);
});

test("a thousand changes wait at most", async () => {
  await using house = new DeviceHouse();
  const entrances = await Promise.all(Array.from({ length: 1_100 }, () => house.devices.enter(arrivalOf("a"))));
  const refused = entrances.filter((entrance) => !entrance.entered && entrance.because === "tooManyRequests");
  expect(refused).toHaveLength(100);
  await entered(house.devices, "a");
});
