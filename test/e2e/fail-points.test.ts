import { expect, test } from "bun:test";
import { join } from "node:path";
import { failPoints, switches } from "../crash/fail-points.ts";
import { binary } from "../support/gateway-process.ts";

const names = [...failPoints, ...switches].map(({ name }) => name);

function namesIn(bytes: Uint8Array): string[] {
  const text = Buffer.from(bytes);
  return names.filter((name) => text.includes(name) || text.includes(name, 0, "utf16le"));
}

test("the executable knows no place where a test could let it die", async () => {
  const bytes = await Bun.file(binary).bytes();
  expect(Buffer.from(bytes).includes("the storage takes writes again")).toBe(true); // texts of the source can be found
  expect(namesIn(bytes)).toEqual([]);
});

test("the look works: a bundle of the source that was built without care knows all of them", async () => {
  const main = join(import.meta.dir, "../../src/main.ts");
  const built = await Bun.build({ entrypoints: [main], target: "bun" });
  const texts = await Promise.all(built.outputs.map((output) => output.text()));
  expect(namesIn(Buffer.from(texts.join(""))).toSorted()).toEqual(names.toSorted());
});
