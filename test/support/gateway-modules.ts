/** A process that starts a gateway and tells which modules of ours that took: `bun gateway-modules.ts <home>`. */
import { locateHome } from "#config";
import { openApp } from "../../src/app.ts";

async function startedGateway(home: string | undefined) {
  const environment = { OPENCLAW_HOME: home };
  const flags = { "gateway.port": 0 };
  await using app = await openApp({ home: locateHome(environment), environment, flags, version: "1.2.3" });
  return { url: app.url.href, loaded: Object.keys(require.cache) };
}

process.stdout.write(JSON.stringify(await startedGateway(process.argv[2])));
