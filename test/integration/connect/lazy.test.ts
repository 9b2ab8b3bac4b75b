import { expect, test } from "bun:test";
import { join } from "node:path";

test("a gateway pays for devices when the first of them comes, and not before", async () => {
  const entry = join(import.meta.dir, "../../support/lazy-devices.ts");
  const child = Bun.spawn([process.execPath, entry], { stdout: "pipe" });
  expect(JSON.parse(await child.stdout.text())).toEqual({
    started: [],
    called: [],
    withoutDevice: ["src/rpc/openclaw/reception"],
    withDevice: ["src/devices/", "src/rpc/openclaw/reception"],
  });
});
