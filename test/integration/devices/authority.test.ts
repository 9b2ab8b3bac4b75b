import type { Approver, Decision, Devices } from "#devices";
import { permits, type Scope } from "#protocol";
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

const callers: readonly (readonly Scope[])[] = [
  [],
  ["operator.read"],
  ["operator.pairing"],
  ["operator.pairing", "operator.read"],
  ["operator.pairing", "operator.write"],
  ["operator.pairing", "operator.approvals", "operator.talk.secrets"],
  ["operator.write", "operator.approvals", "operator.questions"],
  ["operator.admin"],
];
const targets: readonly (readonly Scope[])[] = [
  [],
  ["operator.read"],
  ["operator.write"],
  ["operator.pairing"],
  ["operator.read", "operator.talk.secrets"],
  ["operator.admin"],
];

/** A session of a device that holds nothing but the device. */
function itself(name: string): Approver {
  return { scopes: new Set(), deviceId: deviceId(name) };
}

/** Each decision about a grant, on a house where `scopes` are asked for or granted to the device `a`. */
const decisions: Readonly<
  Record<string, (devices: Devices, scopes: readonly Scope[], by: Approver) => Promise<Decision<unknown>>>
> = {
  approve: async (devices, scopes, by) => {
    const { requestId } = await requested(devices, "a", { proof: remote, scopes });
    return devices.approve(requestId, by);
  },
  rotate: async (devices, scopes, by) => {
    await entered(devices, "a", { scopes });
    return devices.rotate({ deviceId: deviceId("a"), role: "operator" }, by);
  },
  "rotate to nothing": async (devices, scopes, by) => {
    await entered(devices, "a", { scopes });
    return devices.rotate({ deviceId: deviceId("a"), role: "operator", scopes: [] }, by);
  },
  revoke: async (devices, scopes, by) => {
    await entered(devices, "a", { scopes });
    return devices.revoke({ deviceId: deviceId("a"), role: "operator" }, by);
  },
  remove: async (devices, scopes, by) => {
    await entered(devices, "a", { scopes });
    return devices.remove(deviceId("a"), by);
  },
  makeSetupCode: (devices, scopes, by) => devices.makeSetupCode({ role: "operator", scopes }, by),
};

test.each(Object.keys(decisions))("%s: nobody decides about more than they hold", async (name) => {
  const decide = decisions[name];
  if (!decide) throw new Error(`there is no ${name}`);
  let refusals = 0;
  for (const held of callers) {
    for (const scopes of targets) {
      await using house = new DeviceHouse();
      const may = ["operator.pairing" as const, ...scopes].every((scope) => permits(new Set(held), scope));
      const before = JSON.stringify(await house.devices.paired());
      const decided = await decide(house.devices, scopes, holder(...held));
      const what = `${held.join("+")} about ${scopes.join("+")}`;
      expect(decided, what).toMatchObject(may ? { done: true } : { done: false, because: "beyondApprover" });
      if (may) continue;
      refusals += 1;
      if (name === "approve") expect(JSON.stringify(await house.devices.paired()), what).toBe(before);
      if (name === "remove") expect(await house.devices.paired(), what).toHaveLength(1);
      if (name === "makeSetupCode")
        expect(await house.storage.records({ kind: "device.setup", limit: 9 }), what).toEqual([]);
    }
  }
  expect(refusals).toBeGreaterThan(10);
});

test("a node's role takes the scope for pairing and no other", async () => {
  await using house = new DeviceHouse();
  const node = { role: "node", scopes: [], proof: remote } as const;
  const { requestId } = await requested(house.devices, "n", node);
  expect(await house.devices.approve(requestId, holder("operator.write"))).toMatchObject({ because: "beyondApprover" });
  await done(house.devices.approve(requestId, holder("operator.pairing")));
  await entered(house.devices, "n", node);
});

test("a device may take itself out, and revoke its own role, with no scope at all", async () => {
  await using house = new DeviceHouse();
  await entered(house.devices, "a", { scopes: ["operator.admin"] });
  await entered(house.devices, "b", { scopes: ["operator.admin"] });
  expect(await house.devices.remove(deviceId("b"), itself("a"))).toMatchObject({ because: "beyondApprover" });
  expect(await house.devices.revoke({ deviceId: deviceId("b"), role: "operator" }, itself("a"))).toMatchObject({
    because: "beyondApprover",
  });
  await done(house.devices.revoke({ deviceId: deviceId("a"), role: "operator" }, itself("a")));
  await done(house.devices.remove(deviceId("b"), itself("b")));
});

test("a device cannot wash off a revocation by taking itself out", async () => {
  await using house = new DeviceHouse();
  await entered(house.devices, "a", { role: "node", scopes: [] });
  await entered(house.devices, "a");
  await done(house.devices.revoke({ deviceId: deviceId("a"), role: "operator" }, owner));
  expect(await house.devices.remove(deviceId("a"), itself("a"))).toMatchObject({ because: "beyondApprover" });
  expect(await house.devices.enter(arrivalOf("a"))).toMatchObject({ because: "approvalNeeded" });
});

test("a session with fewer scopes than its device cannot rotate its way to the rest", async () => {
  await using house = new DeviceHouse();
  await entered(house.devices, "a", { scopes: ["operator.admin"] });
  const narrow = { ...holder("operator.read", "operator.pairing"), deviceId: deviceId("a") };
  const grant = { deviceId: deviceId("a"), role: "operator" } as const;
  expect(await house.devices.rotate(grant, narrow)).toMatchObject({ because: "beyondApprover" });
  await done(house.devices.rotate(grant, { ...holder("operator.admin"), deviceId: deviceId("a") }));
});

test("a device may rotate its own token without the scope for pairing", async () => {
  await using house = new DeviceHouse();
  await entered(house.devices, "a");
  const grant = { deviceId: deviceId("a"), role: "operator" } as const;
  await done(house.devices.rotate(grant, { ...holder("operator.read"), deviceId: deviceId("a") }));
});

test("who was shut out decides nothing any more, even while its socket is still open", async () => {
  await using house = new DeviceHouse();
  await entered(house.devices, "boss", { scopes: ["operator.admin"] });
  const boss = { ...holder("operator.admin"), deviceId: deviceId("boss") };
  const { requestId } = await requested(house.devices, "a", { proof: remote });
  const grant = { deviceId: deviceId("boss"), role: "operator" } as const;
  const [, late] = await Promise.all([
    house.devices.rotate({ ...grant, scopes: ["operator.read"] }, owner),
    house.devices.approve(requestId, boss),
  ]);
  expect(late).toEqual({ done: false, because: "beyondApprover" });
  await done(house.devices.remove(deviceId("boss"), owner));
  expect(await house.devices.approve(requestId, boss)).toEqual({ done: false, because: "beyondApprover" });
});

test.each([
  [["system.notify"], ["operator.pairing"], true],
  [["system.notify"], ["operator.write"], false],
  [["system.run"], ["operator.pairing"], false],
  [["system.run"], ["operator.pairing", "operator.write"], false],
  [["system.run"], ["operator.admin"], true],
  [["nobody.knows"], ["operator.pairing"], false],
] as const)("a surface with %j is approved and taken away by %j: %p", async (commands, scopes, may) => {
  await using house = new DeviceHouse();
  const id = deviceId("n");
  await entered(house.devices, "n", { role: "node", scopes: [] });
  const { pending } = await house.devices.declare(id, linux, { caps: [], commands });
  const outcome = may ? { done: true } : { done: false, because: "beyondApprover" };
  expect(await house.devices.approveSurface(pending?.requestId ?? "", holder(...scopes))).toMatchObject(outcome);
  const live = () => house.devices.surfaces().then((all) => all[0]?.live.commands);
  expect(await live()).toEqual(may ? [...commands] : []);
  if (!may) await done(house.devices.approveSurface(pending?.requestId ?? "", owner));
  expect(await house.devices.removeSurface(id, holder(...scopes))).toMatchObject(outcome);
  expect(await live()).toEqual(may ? undefined : [...commands]);
});
