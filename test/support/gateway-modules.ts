/** A process that starts a gateway and tells which modules of ours that took: `bun gateway-modules.ts <home>`. */
import { locateHome } from "#config";
import { openApp } from "../../src/app.ts";

const environment = { OPENCLAW_HOME: process.argv[2] };
await using app = await openApp({
  home: locateHome(environment),
  environment,
  flags: { "gateway.port": 0 },
  version: "1.2.3",
});
process.stdout.write(JSON.stringify({ url: app.url.href, loaded: Object.keys(require.cache) }));
