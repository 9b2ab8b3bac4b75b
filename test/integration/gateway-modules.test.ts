import { expect, test } from "bun:test";
import { join } from "node:path";
import { tempFolder } from "../support/temp-folder.ts";

async function startedWithNothing(): Promise<readonly string[]> {
  using folder = tempFolder();
  const script = join(import.meta.dir, "../support/gateway-modules.ts");
  const child = Bun.spawn([process.execPath, script, folder.path], { stderr: "inherit" });
  return (JSON.parse(await child.stdout.text()) as { loaded: string[] }).loaded;
}

test("a gateway that nobody has come to has loaded nothing of nodes but their door", async () => {
  const loaded = await startedWithNothing();
  const ofNodes = loaded.flatMap((path) => path.split("/src/rpc/nodes/")[1] ?? []);
  expect(ofNodes.toSorted()).toEqual(["agent-access.ts", "door.ts"]);
  expect(loaded.filter((path) => path.includes("/src/rpc/openclaw/adapters/"))).toEqual([]);
});

test("a gateway without accounts has loaded nothing of them but their door, and no platform", async () => {
  const loaded = await startedWithNothing();
  const below = (folder: string) => loaded.flatMap((path) => path.split(`/src/${folder}/`)[1] ?? []);
  expect(below("gateway/accounts")).toEqual(["accounts.ts"]);
  expect(below("gateway/inbound").filter((name) => name.startsWith("open-"))).toEqual([]);
  expect(below("channels").filter((name) => name.includes("/"))).toEqual([]);
  expect(below("http").filter((name) => name.startsWith("webhooks"))).toEqual([]);
  expect(below("net")).toEqual([]);
  expect(below("providers").filter((name) => name.startsWith("transcription/"))).toEqual([]);
  expect(below("gateway/outbound").filter((name) => name === "post-file.ts")).toEqual([]);
});
