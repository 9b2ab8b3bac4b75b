/** A process that starts a gateway and tells which modules of ours that took: `bun gateway-modules.ts <home>`. */
import { locateHome } from "#config";
import { openApp } from "../../src/app.ts";

async function loadedByGateway(home: string | undefined): Promise<string[]> {
  const environment = { OPENCLAW_HOME: home };
  const flags = { "gateway.port": 0 };
  await using _app = await openApp({ home: locateHome(environment), environment, flags, version: "1.2.3" });
  return Object.keys(require.cache);
}

process.stdout.write(JSON.stringify({ loaded: await loadedByGateway(process.argv[2]) }));
