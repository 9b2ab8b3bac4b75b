import { expect, test } from "bun:test";
import {
  arrivalOf,
  deviceId,
  DeviceHouse,
  done,
  entered,
  holder,
  linux,
  owner,
  remote,
  requested,
} from "../../support/device-house.ts";

const fiveMinutesMs = 5 * 60_000;

test("a device on this machine is paired without a question, and its token stays the same over a restart", async () => {
  await using house = new DeviceHouse();
  const first = await entered(house.devices, "a", { scopes: ["operator.write", "operator.read", "operator.read"] });
  expect([...first.scopes]).toEqual(["operator.read", "operator.write"]);
  await house.restart();
  const again = await entered(house.devices, "a");
  expect(again.token.reveal()).toBe(first.token.reveal());
  expect(again.tokenIssuedAt).toBe(first.tokenIssuedAt);
  expect([...again.scopes]).toEqual(["operator.read"]);
  const byToken = await entered(house.devices, "a", { proof: { by: "deviceToken", token: first.token.reveal() } });
  expect(byToken.token.reveal()).toBe(first.token.reveal());
  expect(await house.devices.paired()).toMatchObject([
    {
      deviceId: deviceId("a"),
      approvedVia: "silent",
      grants: [{ role: "operator", scopes: ["operator.read", "operator.write"] }],
    },
  ]);
});

test("neither tokens nor codes are on disk, in what is listed or in the log", async () => {
  await using house = new DeviceHouse();
  const { token } = await entered(house.devices, "a");
  const rotated = await done(house.devices.rotate({ deviceId: deviceId("a"), role: "operator" }, owner));
  const setup = await done(house.devices.makeSetupCode({ role: "operator", scopes: ["operator.read"] }, owner));
  await house.devices.enter(arrivalOf("b", { proof: { by: "setupCode", code: setup.code.reveal() } }));
  const kinds = ["device", "device.setup", "device.surface"];
  const rows = await Promise.all(kinds.map((kind) => house.storage.records({ kind, limit: 100 })));
  expect(rows.map((of) => of.length)).toEqual([2, 1, 0]);
  const seen = JSON.stringify([rows, await house.devices.paired(), house.changes]) + house.lines.join();
  for (const secret of [token, rotated.token, setup.code, house.key]) expect(seen).not.toContain(secret.reveal());
  expect(JSON.stringify(await house.devices.paired())).not.toMatch(/hash|salt/i);
});

test("a node is granted no operator scope, whatever it asks for", async () => {
  await using house = new DeviceHouse();
  const node = await entered(house.devices, "n", { role: "node", scopes: ["operator.admin"] });
  expect(node.scopes.size).toBe(0);
  expect((await house.devices.paired())[0]?.grants).toMatchObject([{ role: "node", scopes: [] }]);
});

test("a device elsewhere waits for an operator's yes, and is told so once", async () => {
  await using house = new DeviceHouse();
  const request = await requested(house.devices, "a", { proof: remote });
  expect(request).toMatchObject({ reason: "not-paired", scopes: ["operator.read"], about: linux });
  expect((await requested(house.devices, "a", { proof: remote })).requestId).toBe(request.requestId);
  expect(await house.devices.requests()).toEqual([request]);
  expect(house.changes).toEqual([{ type: "deviceRequested", request }]);
  const { device } = await done(house.devices.approve(request.requestId, owner));
  expect(device).toMatchObject({ deviceId: deviceId("a"), approvedVia: "owner" });
  expect(await house.devices.requests()).toEqual([]);
  expect(house.changes.slice(1)).toEqual([
    { type: "deviceResolved", request, decision: "approved" },
    { type: "devicesChanged" },
  ]);
  await house.restart();
  await entered(house.devices, "a", { proof: remote });
});

test.each([
  ["other scopes", { scopes: ["operator.admin"] as const }],
  ["another name", { about: { ...linux, displayName: "another" } }],
])("who asks with %s makes another request: the one that somebody looks at never changes", async (_what, more) => {
  await using house = new DeviceHouse();
  const first = await requested(house.devices, "a", { proof: remote });
  const second = await requested(house.devices, "a", { proof: remote, ...more });
  expect(second.requestId).not.toBe(first.requestId);
  expect(await house.devices.approve(first.requestId, owner)).toEqual({ done: false, because: "unknown" });
  expect(await house.devices.requests()).toEqual([second]);
  expect(house.changes.map(({ type }) => type)).toEqual(["deviceRequested", "deviceResolved", "deviceRequested"]);
});

test("a request that was rejected is gone", async () => {
  await using house = new DeviceHouse();
  const request = await requested(house.devices, "a", { proof: remote });
  expect(await done(house.devices.reject(request.requestId))).toEqual(request);
  expect(house.changes.at(-1)).toEqual({ type: "deviceResolved", request, decision: "rejected" });
  expect(await house.devices.reject(request.requestId)).toEqual({ done: false, because: "unknown" });
  expect(await house.devices.approve(request.requestId, owner)).toEqual({ done: false, because: "unknown" });
  expect(await house.devices.paired()).toEqual([]);
});

test("a request is forgotten after five minutes", async () => {
  await using house = new DeviceHouse();
  const request = await requested(house.devices, "a", { proof: remote });
  house.clock.pass(fiveMinutesMs - 1);
  expect((await requested(house.devices, "a", { proof: remote })).requestId).toBe(request.requestId);
  house.clock.pass(1);
  expect(await house.devices.approve(request.requestId, owner)).toEqual({ done: false, because: "unknown" });
  expect(await house.devices.requests()).toEqual([]);
  expect((await requested(house.devices, "a", { proof: remote })).requestId).not.toBe(request.requestId);
});

test("a hundred wait at most; then nobody else may, until one is gone", async () => {
  await using house = new DeviceHouse();
  for (let i = 0; i < 100; i++) await requested(house.devices, `d${i}`, { proof: remote });
  const late = arrivalOf("late", { proof: remote });
  expect(await house.devices.enter(late)).toEqual({ entered: false, because: "tooManyRequests" });
  await requested(house.devices, "d7", { proof: remote, scopes: ["operator.write"] });
  expect(await house.devices.requests()).toHaveLength(100);
  house.clock.pass(fiveMinutesMs);
  expect(await house.devices.enter(late)).toMatchObject({ because: "approvalNeeded" });
});

test("who asks for more than was approved is told what was, and gets more by another yes alone", async () => {
  await using house = new DeviceHouse();
  await entered(house.devices, "a");
  const asking = arrivalOf("a", { proof: remote, scopes: ["operator.pairing", "operator.read"] });
  const entrance = await house.devices.enter(asking);
  expect(entrance).toMatchObject({
    because: "approvalNeeded",
    request: { reason: "scope-upgrade" },
    approved: { roles: ["operator"], scopes: ["operator.read"] },
  });
  await entered(house.devices, "a", { proof: remote });
  const [request] = await house.devices.requests();
  await done(house.devices.approve(request?.requestId ?? "", owner));
  expect((await entered(house.devices, "a", { proof: remote, scopes: ["operator.pairing"] })).scopes).toEqual(
    new Set(["operator.pairing"]),
  );
});

test("a device that says it is another machine keeps nothing until somebody who holds as much says yes", async () => {
  await using house = new DeviceHouse();
  const { token } = await entered(house.devices, "a", { scopes: ["operator.admin"] });
  const proof = { by: "deviceToken", token: token.reveal() } as const;
  const about = { ...linux, platform: "d\u0430rwin" };
  const request = await requested(house.devices, "a", { proof, about });
  expect(request.reason).toBe("metadata-upgrade");
  expect((await house.devices.paired())[0]?.about).toEqual(linux);
  await entered(house.devices, "a", { proof });
  const lesser = holder("operator.pairing", "operator.read");
  expect(await house.devices.approve(request.requestId, lesser)).toEqual({ done: false, because: "beyondApprover" });
  await done(house.devices.approve(request.requestId, owner));
  expect((await house.devices.paired())[0]?.about).toEqual(about);
  await entered(house.devices, "a", { proof, about });
  expect((await requested(house.devices, "a", { proof })).reason).toBe("metadata-upgrade");
});

test("what a device says of itself is kept to a length", async () => {
  await using house = new DeviceHouse();
  const about = { ...linux, displayName: "n".repeat(10_000) };
  await entered(house.devices, "a", { about });
  await house.restart();
  expect((await house.devices.paired())[0]?.about.displayName).toBe("n".repeat(256));
  await entered(house.devices, "a", { about });
});

test("a silent yes answers the request that waited for the same", async () => {
  await using house = new DeviceHouse();
  house.autoApproveLocal = false;
  const request = await requested(house.devices, "a");
  const wider = await requested(house.devices, "b", { scopes: ["operator.admin"] });
  house.autoApproveLocal = true;
  await entered(house.devices, "a");
  await entered(house.devices, "b");
  expect(house.changes).toContainEqual({ type: "deviceResolved", request, decision: "approved" });
  expect(await house.devices.requests()).toEqual([wider]);
});
