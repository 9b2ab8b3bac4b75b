import { expect, test } from "bun:test";
import { failPointCall } from "../../scripts/leave-out-fail-points.ts";
import { channelPoints, failPoints, switches } from "../crash/fail-points.ts";
import { SRC } from "./source.ts";

const listed = [...failPoints, ...channelPoints, ...switches].map(({ name }) => name);

async function usesInSource(): Promise<{ readonly names: string[]; readonly mentions: number }> {
  const names: string[] = [];
  let mentions = 0;
  for await (const path of new Bun.Glob("**/*.ts").scan(SRC)) {
    const text = await Bun.file(`${SRC}/${path}`).text();
    names.push(...[...text.matchAll(failPointCall)].map((call) => call[1] ?? ""));
    mentions += text.match(/(?<!function )\bfailPoint\(/g)?.length ?? 0;
  }
  return { names, mentions };
}

test("every fail-point is in the list once and in the source once", async () => {
  const { names } = await usesInSource();
  expect(names.toSorted()).toEqual(listed.toSorted());
  expect(new Set(names).size).toBe(names.length);
  expect(failPoints.length).toBeGreaterThanOrEqual(40);
});

test("every call is spelled so that the build can take it out", async () => {
  const { names, mentions } = await usesInSource();
  expect(mentions).toBe(names.length);
});
