import { locateHome } from "#config";
import { expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { openApp } from "../../src/app.ts";
import { type Script, startFakeModel } from "./fake-model.ts";
import { fakeModelConfig, freePort, token } from "./gateway-process.ts";
import { OfficialClient } from "./openclaw-client.ts";
import { schemaProblems } from "./openclaw-schema.ts";
import { startRelay } from "./recording-relay.ts";
import { tempFolder } from "./temp-folder.ts";

/** A whole gateway with a scripted model, a relay before it that remembers what it says, and the original's own client. */
export async function openOpenClawHouse(
  script: Script,
  options: ConstructorParameters<typeof OfficialClient>[0] = {},
  moreSettings = "",
  ofTheModel = "",
) {
  await using opened = new AsyncDisposableStack();
  const folder = opened.use(tempFolder());
  const model = opened.use(startFakeModel({ script }));
  writeFileSync(join(folder.path, "openclaw.toml"), moreSettings + fakeModelConfig(model.url) + ofTheModel);
  const environment = { OPENCLAW_HOME: folder.path, OPENCLAW_GATEWAY_AUTH_TOKEN: token };
  const port = await freePort();
  const start = () =>
    openApp({ home: locateHome(environment), environment, flags: { "gateway.port": port }, version: "1.2.3" });
  const running = { app: await start() };
  opened.defer(() => running.app[Symbol.asyncDispose]());
  const relay = opened.use(startRelay(`ws://127.0.0.1:${port}`));
  const connect = (more: typeof options = {}) => OfficialClient.connect({ url: relay.url, token, ...options, ...more });
  const client = opened.use(await connect());
  const held = opened.move();
  return {
    folder: folder.path,
    url: `http://127.0.0.1:${port}`,
    client,
    relay,
    model,
    join: async (more: typeof options) => held.use(await connect(more)),
    /** Stops the gateway, waits for what should happen meanwhile, and starts it again on the same port. */
    restart: async (meanwhile: () => Promise<unknown>) => {
      await running.app[Symbol.asyncDispose]();
      await meanwhile();
      running.app = await start();
    },
    /** Everything the gateway said, against the original's schema. */
    expectSchema: () => expect(relay.said.flatMap(schemaProblems)).toEqual([]),
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}
