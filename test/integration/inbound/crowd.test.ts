import { expect, spyOn, test } from "bun:test";
import { join } from "node:path";
import type { Storage } from "#storage";
import { crowdKey, crowdMessage, crowdOptions } from "../../support/crowd.ts";
import { FakeLine } from "../../support/fake-line.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { until } from "../../support/until.ts";
import { aborted, echo, Gates, over, Walk } from "../../support/walk.ts";

/** What a chat's conversation was told, in its order. */
async function told(walk: Walk, chat: string): Promise<string[]> {
  return (await walk.log(crowdKey(chat))).flatMap((event) => (event.kind === "MessageReceived" ? [event.text] : []));
}

test("three thousand messages while no turn ends are all taken, few of them in memory, and answered once, each chat in its order", async () => {
  using folder = tempFolder();
  const quiet = Array.from({ length: 70 }, (_, n) => `q${n}`);
  const said = new Map([["loud", 900], ...quiet.map((chat) => [chat, 30] as const)]);
  const line = new FakeLine({ allowFrom: [...said.keys()] });
  const isOpen = Promise.withResolvers<void>();
  await using walk = new Walk({
    ...crowdOptions(folder.path, line),
    async *answer(request) {
      await isOpen.promise;
      yield* echo(request);
    },
  });
  const taken = [...said].flatMap(([chat, count]) =>
    Array.from({ length: count }, (_, n) => walk.inbound.take(crowdMessage(line, chat, n), line)),
  );
  expect(taken).toHaveLength(3_000);
  await Promise.all(taken);
  const inMemory = await walk.storage.records({ kind: "inbound-waiting", limit: 5_000 });
  const { messages } = walk.inbound.backlog();
  expect(inMemory.length).toBeLessThanOrEqual(1_000);
  expect(inMemory.length + messages).toBe(3_000 - 12); // as many have a place of the scheduler
  isOpen.resolve();
  await until("all answers", () => line.got.length === 3_000, 60_000);
  for (const [chat, count] of said) {
    expect(await told(walk, chat)).toEqual(Array.from({ length: count }, (_, n) => `${chat}-${n}`));
  }
  expect(new Set(line.texts).size).toBe(3_000);
  await until("nothing to wait", async () => (await leftOver(walk.storage)) === 0);
}, 90_000);

test("kill -9 at any moment loses nothing of a backlog that was acknowledged, doubles nothing, and leaves its order", async () => {
  using folder = tempFolder();
  const acknowledged: string[] = [];
  for (const [cycle, pace] of (["none", "echo", "none", "echo"] as const).entries()) {
    acknowledged.push(...(await writeUntilKilled(folder.path, cycle * 100_000, pace)));
  }
  expect(acknowledged.length).toBeGreaterThan(1_000);
  const line = new FakeLine({ allowFrom: ["a", "b", "c"] });
  await using walk = new Walk(crowdOptions(folder.path, line));
  await walk.recovered();
  await walk.inbound.recover();
  await until("nothing to wait", async () => (await leftOver(walk.storage)) === 0, 60_000);
  for (const chat of ["a", "b", "c"]) {
    const found = await told(walk, chat);
    const numbers = found.map((text) => Number(text.split("-")[1]));
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    expect(new Set(found).size).toBe(found.length);
    expect(acknowledged.filter((id) => id.startsWith(chat) && !found.includes(id))).toEqual([]);
  }
}, 120_000);

test("a start takes up what waits on disk alone also when nothing has a place in memory", async () => {
  using folder = tempFolder();
  const line = new FakeLine({ allowFrom: ["a"] });
  const options = crowdOptions(folder.path, line);
  {
    await using walk = new Walk({ ...options, answer: new Gates().answer });
    await Promise.all(Array.from({ length: 110 }, (_, n) => walk.inbound.take(crowdMessage(line, "a", n), line)));
    expect(walk.inbound.backlog().messages).toBe(7);
  }
  await using walk = new Walk(options);
  const placed = await walk.storage.records({ kind: "inbound-waiting", limit: 200 });
  expect(placed).toHaveLength(100);
  await walk.storage.writeRecords(placed.map(({ kind, id }) => ({ kind, id, data: undefined })));
  await walk.inbound.recover();
  await until("the rest", () => line.texts.includes("echo a-109"));
});

test("a reset or a deletion ends the turns of a session, and what still waits on disk alone comes into the next one", async () => {
  using folder = tempFolder();
  const line = new FakeLine({ allowFrom: ["a"] });
  const isOpen = Promise.withResolvers<void>();
  const limits = { running: 1, waiting: 3, perLane: 1 };
  await using walk = new Walk({
    ...crowdOptions(folder.path, line),
    limits,
    async *answer(request, signal) {
      await Promise.race([isOpen.promise, aborted(signal)]);
      yield* echo(request);
    },
  });
  await Promise.all(Array.from({ length: 110 }, (_, n) => walk.inbound.take(crowdMessage(line, "a", n), line)));
  await walk.wasAsked(1);
  await walk.gateway.resetSession(crowdKey("a"));
  await walk.wasAsked(2);
  await walk.gateway.deleteSession(crowdKey("a"));
  isOpen.resolve();
  await until("the last answer", () => line.texts.includes("echo a-109"));
  expect(await told(walk, "a")).toEqual(Array.from({ length: 108 }, (_, n) => `a-${n + 2}`));
});

test("a place that becomes free is taken at once by the one who waits longest for it, in this session or another", async () => {
  using dice = spyOn(Math, "random");
  dice.mockReturnValue(600); // who is not called waits for a minute
  using folder = tempFolder();
  const gates = new Gates();
  const line = new FakeLine({ allowFrom: ["a", "b"] });
  const limits = { running: 1, waiting: 0, perLane: 1 };
  await using walk = new Walk({ ...crowdOptions(folder.path, line), limits, answer: gates.answer });
  const order = ["a-0", "b-0", "a-1", "b-1"];
  for (const id of order) {
    const [chat = "", n] = id.split("-");
    await walk.inbound.take(crowdMessage(line, chat, Number(n)), line);
  }
  for (const [n, id] of order.entries()) {
    await until(`the turn of ${id}`, () => walk.gateway.activeRuns().length === 1 && walk.asked.length === n + 1);
    gates.open(id);
    await until(`the answer to ${id}`, () => line.texts.includes(`echo ${id}`));
  }
});

test("a message with a free turn costs one look at what was joined, and one append", async () => {
  using folder = tempFolder();
  const line = new FakeLine({ allowFrom: ["a"] });
  const calls: string[] = [];
  const counted = (storage: Storage) =>
    over(storage, {
      records: (page) => (calls.push(`records ${page.kind}`), storage.records(page)),
      record: (kind, id) => (calls.push(`record ${kind}`), storage.record(kind, id)),
      writeRecords: (writes) => (calls.push("writeRecords"), storage.writeRecords(writes)),
      receipt: (scope, key) => (calls.push("receipt"), storage.receipt(scope, key)),
      append: (append) => (calls.push("append"), storage.append(append)),
    });
  await using walk = new Walk({ ...crowdOptions(folder.path, line), between: counted });
  await walk.inbound.take(crowdMessage(line, "a", 0), line);
  await until("the first answer's record", async () =>
    (await walk.log(crowdKey("a"))).some((e) => e.kind === "MessageSent"),
  );
  calls.length = 0;
  await walk.inbound.take(crowdMessage(line, "a", 1), line);
  expect(calls.slice(0, 2)).toEqual(["record inbound-joined", "append"]);
  await until("the other answer", () => line.texts.includes("echo a-1"));
  expect(calls.filter((call) => call.startsWith("record") || call === "writeRecords" || call === "receipt")).toEqual([
    "record inbound-joined",
  ]);
});

async function leftOver(storage: Storage): Promise<number> {
  const kinds = ["inbound-waiting", "inbound-backlog", "inbound-backlog-update", "inbound-backlog-message"];
  const rows = await Promise.all(kinds.map((kind) => storage.records({ kind, limit: 1 })));
  return rows.flat().length;
}

/** Kills the writer a random moment after it has a backlog; answers with all that it said it has. */
async function writeUntilKilled(folder: string, from: number, pace: "none" | "echo"): Promise<string[]> {
  const script = join(import.meta.dir, "../../support/crowd-writer.ts");
  const writer = Bun.spawn([process.execPath, script, folder, `${from}`, pace], { stdout: "pipe", stderr: "inherit" });
  let output = "";
  let isDying = false;
  for await (const chunk of writer.stdout.pipeThrough(new TextDecoderStream())) {
    output += chunk;
    if (isDying || output.split("\n").length < 400) continue;
    isDying = true;
    setTimeout(() => writer.kill("SIGKILL"), Math.random() * 200);
  }
  await writer.exited;
  return output.split("\n").slice(0, -1);
}
