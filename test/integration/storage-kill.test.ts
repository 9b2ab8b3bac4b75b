import { expect, test } from "bun:test";
import { join } from "node:path";
import type { Storage } from "#storage";
import { openSqliteFile, tempFolder } from "../support/storage.ts";

const cycles = 15;

test("kill -9 at any moment loses nothing that was acknowledged, and doubles nothing", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "state.db");
  const acknowledged: string[] = [];
  for (let cycle = 0; cycle < cycles; cycle++) acknowledged.push(...(await writeUntilKilled(path)));
  expect(acknowledged.length).toBeGreaterThan(cycles);
  await using storage = openSqliteFile(path);
  const stored = await readAll(storage);
  expect(acknowledged.filter((line) => !stored.has(line))).toEqual([]);
}, 30_000);

/** Kills the writer a random moment after its first acknowledgement; answers with all whole lines it wrote. */
async function writeUntilKilled(path: string): Promise<string[]> {
  const writer = Bun.spawn([process.execPath, join(import.meta.dir, "../support/storage-writer.ts"), path], {
    stdout: "pipe",
    stderr: "inherit",
  });
  let output = "";
  for await (const chunk of writer.stdout.pipeThrough(new TextDecoderStream())) {
    if (output === "") setTimeout(() => writer.kill("SIGKILL"), Math.random() * 40);
    output += chunk;
  }
  await writer.exited;
  return output.split("\n").slice(0, -1);
}

/** Reading verifies the hash chain and that no seq is missing. */
async function readAll(storage: Storage): Promise<ReadonlySet<string>> {
  const stored: string[] = [];
  for (const session of await storage.sessions({ limit: 10_000 })) {
    const events = await storage.events(session.id, { limit: 100_000, take: "first" });
    expect(events.length).toBe(session.headSeq);
    for (const event of events.slice(1)) {
      stored.push(`${session.id} ${event.id}`);
      expect(await storage.receipt("test", event.id)).toMatchObject({ sessionId: session.id });
    }
  }
  const unique = new Set(stored);
  expect(unique.size).toBe(stored.length);
  return unique;
}
