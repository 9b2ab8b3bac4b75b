import { expect, test } from "bun:test";
import { join } from "node:path";
import { tempFolder } from "../support/temp-folder.ts";

test("a gateway that nobody has come to has loaded nothing of nodes but their door", async () => {
  using folder = tempFolder();
  const script = join(import.meta.dir, "../support/gateway-modules.ts");
  const child = Bun.spawn([process.execPath, script, folder.path], { stderr: "inherit" });
  const { loaded } = JSON.parse(await child.stdout.text()) as { loaded: string[] };
  const ofNodes = loaded.flatMap((path) => path.split("/src/rpc/nodes/")[1] ?? []);
  expect(ofNodes.toSorted()).toEqual(["agent-access.ts", "door.ts"]);
  expect(loaded.filter((path) => path.includes("/src/rpc/openclaw/adapters/"))).toEqual([]);
});
