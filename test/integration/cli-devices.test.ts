import { expect, test } from "bun:test";
import { cli } from "../support/cli.ts";
import { DeviceKey } from "../support/device-key.ts";
import { openGateway, sharedToken } from "../support/open-gateway.ts";

const withProxy = '[gateway]\ntrusted_proxies = ["127.0.0.1"]\n';
const elsewhere = { "x-forwarded-for": "203.0.113.7" };

test("a device is seen, approved, named, given another token and removed from the command line", async () => {
  await using gateway = await openGateway(withProxy);
  const run = (...argv: string[]) =>
    cli(["devices", ...argv], { port: Number(gateway.app.url.port), token: sharedToken });
  expect((await run("list")).stdout).toBe("There are no devices yet.\n");

  const device = new DeviceKey();
  const joining = { auth: { token: sharedToken }, device };
  const first = await gateway.enter(joining, elsewhere);
  const requestId = String(first.answer.error?.details?.["requestId"]);
  const waiting = await run("list");
  expect(waiting.stdout).toContain(requestId);
  expect(waiting.stdout).toContain("openclaw-tui");
  expect((await run("approve", requestId)).stdout).toStartWith("Approved");
  expect(await run("approve", requestId)).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(requestId) });

  const { client, answer } = await gateway.enter(joining, elsewhere);
  expect(answer.ok).toBe(true);
  expect((await run("rename", device.id.slice(0, 8), "Desk")).stdout).toBe("Renamed.\n");
  const listed = await run("list");
  expect(listed.stdout).toContain("Desk");
  expect(listed.stdout).toContain("connected");
  expect((await run("rotate", "Desk")).stdout).toStartWith("Rotated");
  expect((await client.close()).code).toBe(4001);
  expect((await run("revoke", "Desk", "operator")).stdout).toStartWith("Revoked");
  expect((await run("remove", "Desk")).stdout).toStartWith("Removed");
  expect(await run("remove", "Desk")).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining("There is no paired device “Desk”."),
  });
});

test("a device that waits is rejected", async () => {
  await using gateway = await openGateway(withProxy);
  const { answer } = await gateway.enter({ auth: { token: sharedToken }, device: new DeviceKey() }, elsewhere);
  const options = { port: Number(gateway.app.url.port), token: sharedToken };
  const requestId = String(answer.error?.details?.["requestId"]);
  expect((await cli(["devices", "reject", requestId], options)).stdout).toBe("Rejected.\n");
  const { stdout } = await cli(["devices", "list", "--json"], options);
  expect(JSON.parse(stdout)).toEqual({ pending: [], paired: [] });
});

test("a setup code is printed once, alone on stdout, and pairs a device", async () => {
  await using gateway = await openGateway(withProxy);
  const options = { port: Number(gateway.app.url.port), token: sharedToken };
  const { stdout, stderr } = await cli(["devices", "setup-code", "--access", "limited"], options);
  expect(stderr).toContain("not shown again");
  const joining = { auth: { bootstrapToken: stdout.trim() }, device: new DeviceKey() };
  expect((await gateway.enter(joining, elsewhere)).answer.ok).toBe(true);
  expect((await gateway.enter(joining, elsewhere)).answer.ok).toBe(false);
});
