import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { startGateway, token } from "../support/gateway-process.ts";
import { SocketClient } from "../support/socket-client.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { until } from "../support/until.ts";

const house = join(import.meta.dir, "../support/stray-house.ts");

interface Health {
  readonly components: Readonly<Record<string, string>>;
}

test("REL-27: what a library breaks where nobody waits for it is told and shown, and the gateway goes on", async () => {
  using folder = tempFolder();
  const config = `[channels.parrot]\nbot_token = "canary-one"\naccounts.work.bot_token = "canary-two"`;
  await using gateway = await startGateway({ home: folder.path, config, command: [process.execPath, house] });
  const log = () => readFileSync(join(folder.path, "state/logs/gateway.log"), "utf8");
  await until("both kinds, and tries after them", () => log().split("something broke where nobody").length > 4);
  const health = await until("the health to know", async () => {
    const headers = { authorization: `Bearer ${token}` };
    const report = (await (await fetch(`${gateway.url}/health`, { headers })).json()) as Health;
    return report.components["gateway"] === "degraded" && report;
  });
  expect(health.components["storage"]).toBe("healthy");
  await using client = await SocketClient.open(gateway.socketUrl, token);
  expect(await client.chat("hello")).toMatchObject({ state: "final" });
  expect(log()).toContain("no perch");
  expect(log()).not.toContain("canary");
  expect(gateway.output()).not.toContain("canary");
  expect(await gateway.stop("SIGTERM")).toBe(0);
});
