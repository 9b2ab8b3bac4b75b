import { join } from "node:path";
import { binary, fakeModelConfig, type GatewayProcess, startGateway } from "../test/support/gateway-process.ts";
import { tempFolder } from "../test/support/temp-folder.ts";

const floorBinary = join(import.meta.dir, "../dist/bench-floor");

/** One of the two programs that are measured side by side. */
export interface Peer {
  readonly name: "gateway" | "floor";
  /** Starts it with an empty state, or with that of `home`. */
  start(home?: string): Promise<GatewayProcess>;
}

/** The gateway and the floor, both compiled, both talking to the model at `modelUrl`. */
export async function openPeers(modelUrl: string): Promise<readonly Peer[]> {
  if (!(await Bun.file(binary).exists())) throw new Error("there is no executable in dist: run `npm run build` first");
  await Bun.build({
    entrypoints: [join(import.meta.dir, "floor-server.ts")],
    compile: { outfile: floorBinary, autoloadBunfig: false, autoloadDotenv: false },
    minify: true,
    bytecode: true,
    format: "esm",
  });
  return [
    {
      name: "gateway",
      start: (home = tempFolder().path) => startGateway({ home, config: fakeModelConfig(modelUrl) }),
    },
    {
      name: "floor",
      start: (home = tempFolder().path) =>
        startGateway({ home, command: [floorBinary], environment: { FLOOR_MODEL_URL: modelUrl } }),
    },
  ];
}
