import type { NodeSurface, Surface, SurfaceRequest } from "#devices";
import { expect, test } from "bun:test";
import { deviceId, DeviceHouse, done, entered, holder, linux, owner, requested } from "../../support/device-house.ts";

const id = deviceId("n");
const none: Surface = { caps: [], commands: [] };
const small: Surface = { caps: ["canvas"], commands: ["canvas.hide"] };
const large: Surface = { caps: ["canvas", "system"], commands: ["canvas.hide", "system.run"] };

async function withNode(): Promise<DeviceHouse> {
  const house = new DeviceHouse();
  await entered(house.devices, "n", { role: "node", scopes: [] });
  return house;
}

async function approved(house: DeviceHouse, surface: Surface): Promise<void> {
  const { requestId } = pendingOf(await house.devices.declare(id, linux, surface));
  await done(house.devices.approveSurface(requestId, owner));
}

function pendingOf({ pending }: NodeSurface): SurfaceRequest {
  if (!pending) throw new Error("nobody was asked");
  return pending;
}

test("what a node offers is live when somebody has said yes, and stays so over a restart", async () => {
  await using house = await withNode();
  const first = await house.devices.declare(id, linux, small);
  const request = pendingOf(first);
  expect(first).toEqual({ nodeId: id, live: none, pending: request });
  expect(request).toMatchObject({ ...small, about: linux, nodeId: id });
  expect(house.changes.at(-1)).toEqual({ type: "surfaceRequested", request });
  await house.restart();
  expect(pendingOf(await house.devices.declare(id, linux, small))).toEqual(request);
  const node = await done(house.devices.approveSurface(request.requestId, owner));
  expect(node).toEqual({ nodeId: id, live: small, approvedAt: house.clock.now() });
  expect(house.changes.at(-1)).toEqual({ type: "surfaceResolved", request, decision: "approved" });
  await house.restart();
  expect(await house.devices.declare(id, linux, small)).toEqual(node);
  expect(await house.devices.surfaces()).toEqual([node]);
});

test("what is new waits for a yes while the old part stays live; what is gone is live no more", async () => {
  await using house = await withNode();
  await approved(house, small);
  const more = await house.devices.declare(id, linux, large);
  expect(more).toMatchObject({ live: small, pending: large });
  expect(await house.devices.declare(id, linux, { caps: [], commands: ["system.run"] })).toMatchObject({ live: none });
  const less = await house.devices.declare(id, linux, none);
  expect(less.pending).toBeUndefined();
  expect(less.live).toEqual(none);
  expect(house.changes.at(-1)).toMatchObject({ type: "surfaceResolved", decision: "rejected" });
  expect(await house.devices.declare(id, linux, small)).toMatchObject({ live: small });
});

test("the request that somebody looks at never changes: another offer is another request", async () => {
  await using house = await withNode();
  const first = pendingOf(await house.devices.declare(id, linux, small));
  const second = pendingOf(await house.devices.declare(id, linux, large));
  expect(second.requestId).not.toBe(first.requestId);
  expect(await house.devices.approveSurface(first.requestId, owner)).toEqual({ done: false, because: "unknown" });
  expect(house.changes.slice(-2)).toEqual([
    { type: "surfaceResolved", request: first, decision: "rejected" },
    { type: "surfaceRequested", request: second },
  ]);
  const renamed = pendingOf(await house.devices.declare(id, { ...linux, platform: "windows" }, large));
  expect(renamed.requestId).not.toBe(second.requestId);
});

test("a yes approves what was shown, and forgets what was approved before and is offered no more", async () => {
  await using house = await withNode();
  await approved(house, large);
  await approved(house, { caps: [], commands: ["fs.write"] });
  const again = await house.devices.declare(id, linux, large);
  expect(again.live).toEqual(none);
  expect(again.pending).toMatchObject(large);
});

test("a no keeps what was live, and the node asks again when it says so again", async () => {
  await using house = await withNode();
  await approved(house, small);
  const request = pendingOf(await house.devices.declare(id, linux, large));
  expect(await done(house.devices.rejectSurface(request.requestId))).toEqual(request);
  expect(await house.devices.surfaces()).toEqual([{ nodeId: id, live: small, approvedAt: house.clock.now() }]);
  expect(await house.devices.rejectSurface(request.requestId)).toEqual({ done: false, because: "unknown" });
  expect(pendingOf(await house.devices.declare(id, linux, large)).requestId).not.toBe(request.requestId);
});

test("of a machine that is no paired node nothing is kept", async () => {
  await using house = new DeviceHouse();
  await entered(house.devices, "n");
  expect(await house.devices.declare(id, linux, small)).toEqual({ nodeId: id, live: none });
  expect(await house.devices.surfaces()).toEqual([]);
});

test.each(["remove", "revoke"] as const)(
  "what was approved of a node is gone after a %s, and does not come back",
  async (how) => {
    await using house = await withNode();
    await approved(house, small);
    const request = pendingOf(await house.devices.declare(id, linux, large));
    await done<unknown>(
      how === "remove" ? house.devices.remove(id, owner) : house.devices.revoke({ deviceId: id, role: "node" }, owner),
    );
    expect(house.changes).toContainEqual({ type: "surfaceResolved", request, decision: "rejected" });
    await house.restart();
    expect(await house.devices.surfaces()).toEqual([]);
    if (how === "revoke") {
      const { requestId } = await requested(house.devices, "n", { role: "node", scopes: [] });
      await done(house.devices.approve(requestId, holder("operator.pairing")));
    }
    await entered(house.devices, "n", { role: "node", scopes: [] });
    expect((await house.devices.declare(id, linux, large)).live).toEqual(none);
  },
);

test("a node may take its own surface away", async () => {
  await using house = await withNode();
  await approved(house, large);
  const itself = { scopes: new Set<never>(), deviceId: id };
  expect(await done(house.devices.removeSurface(id, itself))).toEqual({ nodeId: id, live: none });
  expect(await house.devices.removeSurface(id, itself)).toEqual({ done: false, because: "unknown" });
});

test("saying the same again writes nothing", async () => {
  await using house = await withNode();
  await approved(house, small);
  const version = async () => (await house.storage.record("device.surface", id))?.version;
  const before = await version();
  await house.devices.declare(id, linux, { caps: ["canvas", "canvas"], commands: [...small.commands] });
  expect(await version()).toBe(before ?? 0);
});
