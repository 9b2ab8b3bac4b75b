import { expect, test } from "bun:test";
import { arrivalOf, DeviceHouse, owner, remote } from "../../support/device-house.ts";

test("a device on this machine with the shared secret is paired without a question, and keeps its token", async () => {
  await using house = new DeviceHouse();
  const first = await house.devices.enter(arrivalOf("a", { scopes: ["operator.write", "operator.read"] }));
  if (!first.entered) throw new Error(first.because);
  expect([...first.scopes]).toEqual(["operator.read", "operator.write"]);
  await house.restart();
  const again = await house.devices.enter(arrivalOf("a"));
  if (!again.entered) throw new Error(again.because);
  expect(again.token.reveal()).toBe(first.token.reveal());
  expect(again.tokenIssuedAt).toBe(first.tokenIssuedAt);
  expect([...again.scopes]).toEqual(["operator.read"]);
});

test("a device elsewhere waits for an operator's yes", async () => {
  await using house = new DeviceHouse();
  const first = await house.devices.enter(arrivalOf("a", { proof: remote }));
  if (first.entered || first.because !== "approvalNeeded") throw new Error("it should have had to wait");
  expect(first.request).toMatchObject({ reason: "not-paired", scopes: ["operator.read"] });
  const decision = await house.devices.approve(first.request.requestId, owner);
  expect(decision).toMatchObject({ done: true, value: { device: { approvedVia: "owner" } } });
  expect(await house.devices.enter(arrivalOf("a", { proof: remote }))).toMatchObject({ entered: true });
});
