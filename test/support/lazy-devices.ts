/** Run as a process: prints after which steps the devices were loaded, and the OpenClaw dialect. */
import { DeviceKey } from "./device-key.ts";
import { openGateway, sharedToken } from "./open-gateway.ts";

const gateway = await openGateway();
const seen: Record<string, string[]> = { started: loaded() };
await gateway.call("status");
seen["called"] = loaded();
await gateway.enter({ auth: { token: sharedToken } });
seen["withoutDevice"] = loaded();
await gateway.enter({ auth: { token: sharedToken }, device: new DeviceKey() });
seen["withDevice"] = loaded();
await gateway[Symbol.asyncDispose]();
await Bun.write(Bun.stdout, JSON.stringify(seen));

function loaded(): string[] {
  const paths = Object.keys(require.cache);
  return ["src/devices/", "src/rpc/openclaw/reception"].filter((name) => paths.some((path) => path.includes(name)));
}
