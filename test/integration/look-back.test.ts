import { expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { PrepareTurn, TurnTools } from "#agent";
import { newId } from "#base";
import type { EventOf, MessageFile, StoredEvent } from "#protocol";
import type { ModelEvent, ModelRequest } from "#providers";
import { dice } from "../support/dice.ts";
import { calls, says } from "../support/scripted-provider.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { key, over, Walk } from "../support/walk.ts";

const tools: TurnTools = {
  specs: [{ name: "look", description: "Looks.", params: { type: "object", properties: { at: { type: "string" } } } }],
  effectOf: () => "none",
  run: async ({ args }) => ({ text: `saw ${JSON.stringify(args)}`, durationMs: 1 }),
};

/** A workspace whose files and a configuration whose models change. */
class Changing {
  readonly asked: ModelRequest[] = [];
  system = "You are a test.";
  contextWindow = 100_000;
  input: ("text" | "image")[] = ["text"];
  readonly #answer: () => ModelEvent[];

  constructor(answer: () => ModelEvent[]) {
    this.#answer = answer;
  }

  readonly prepareTurn: PrepareTurn = async () => {
    const { asked } = this;
    const answer = this.#answer;
    const provider = {
      async *stream(request: ModelRequest) {
        const { readPicture: _readPicture, ...told } = request;
        asked.push({ ...told, messages: [...request.messages] });
        yield* answer();
      },
    };
    const { contextWindow, input } = this;
    const model = { provider, providerId: "fake", id: "fake-1", contextWindow, maxTokens: 100, input };
    return { ready: true, model, tools, system: this.system, maxSteps: 5, timeoutMs: 60_000 };
  };
}

function photos(roll: (sides: number) => number): MessageFile[] {
  const photo = () => ({ blob: newId().replaceAll("-", "").repeat(2), mimeType: "image/png", bytes: 1 + roll(9e6) });
  return Array.from({ length: roll(3) }, photo);
}

/** Frames of the write-ahead log that end a commit; see https://www.sqlite.org/fileformat2.html#walformat */
function commitsIn(folder: string): number {
  const wal = readFileSync(join(folder, "openclaw.db-wal"));
  const frame = 24 + wal.readUInt32BE(8);
  let commits = 0;
  for (let at = 32; at < wal.length; at += frame) if (wal.readUInt32BE(at + 4) > 0) commits += 1;
  return commits;
}

async function answersOf(walk: Walk): Promise<(StoredEvent & { event: EventOf<"AgentResponse"> })[]> {
  const events = await Array.fromAsync(walk.sessions.events(key));
  return events.flatMap((one) => (one.event.kind === "AgentResponse" ? [{ ...one, event: one.event }] : []));
}

test("for every answer of a random conversation, the log tells what its model was asked, word by word", async () => {
  const seed = Date.now() % 1_000_000;
  const roll = dice(seed);
  using folder = tempFolder();
  const house = new Changing(() =>
    roll(3) === 0
      ? calls([newId(), "look", { at: String(roll(9)) }], [newId(), "look", {}])
      : says(`answer ${roll(1_000)} ${"x".repeat(roll(400))}`),
  );
  await using walk = new Walk({ folder: folder.path, tools, prepareTurn: house.prepareTurn });
  for (let turn = 0; turn < 60; turn++) {
    if (roll(4) === 0) house.system = `You are test number ${roll(5)}.`;
    if (roll(6) === 0) house.contextWindow = [100_000, 2_000, 700][roll(3)] ?? 700;
    if (roll(6) === 0) house.input = roll(2) === 0 ? ["text", "image"] : ["text"];
    if (roll(8) === 0 && turn > 0) await walk.sessions.patch(key, { label: `label ${turn}` });
    const said = await Promise.all(
      Array.from({ length: 1 + roll(3) }, (_, i) =>
        walk.say(`question ${turn}.${i} ${"y".repeat(roll(600))}`, { files: photos(roll) }),
      ),
    );
    for (const receipt of said) if (receipt.taken) await walk.ending(receipt.runId);
  }
  const told: ModelRequest[] = [];
  for (const { seq } of await answersOf(walk)) {
    const { asked } = await walk.gateway.at(key, seq);
    if (asked?.answerSeq === seq) told.push(asked.request);
  }
  expect(house.asked.length).toBeGreaterThan(80);
  expect(house.asked.some(({ messages }) => messages.some((one) => "pictures" in one))).toBe(true);
  expect(told, `seed ${seed}`).toEqual(house.asked);
});

test("the ending of a turn that had no step left was not asked for, and shows what was asked before it", async () => {
  using folder = tempFolder();
  const house = new Changing(() => calls([newId(), "look", {}]));
  await using walk = new Walk({ folder: folder.path, tools, prepareTurn: house.prepareTurn });
  const receipt = await walk.say("go on for ever");
  if (receipt.taken) await walk.ending(receipt.runId);
  const answers = await answersOf(walk);
  expect(answers.length).toBe(house.asked.length + 1);
  const { asked } = await walk.gateway.at(key, answers.at(-1)?.seq ?? 0);
  expect(asked).toMatchObject({ answerSeq: answers.at(-2)?.seq });
  expect(asked?.request).toEqual(house.asked.at(-1) as never);
});

test("a conversation that outgrew its window is told as its model had it", async () => {
  using folder = tempFolder();
  const house = new Changing(() => says("x".repeat(300_000)));
  house.contextWindow = 10_000_000;
  await using walk = new Walk({ folder: folder.path, tools, prepareTurn: house.prepareTurn });
  for (let turn = 0; turn < 8; turn++) {
    const receipt = await walk.say(`question ${turn}`);
    if (receipt.taken) await walk.ending(receipt.runId);
  }
  const answers = await answersOf(walk);
  const told = await Promise.all(answers.map(async ({ seq }) => (await walk.gateway.at(key, seq)).asked?.request));
  expect(told).toEqual(house.asked);
  expect(house.asked.at(-1)?.messages.length).toBeLessThan(10);
});

test("a prompt is on disk once, with the first answer that came of it, and in the same commit", async () => {
  using folder = tempFolder();
  const house = new Changing(() => says("yes"));
  const put: string[] = [];
  await using walk = new Walk({
    folder: folder.path,
    prepareTurn: house.prepareTurn,
    between: (storage) =>
      over(storage, {
        putBlob: (blob) => {
          put.push(blob.mimeType);
          return storage.putBlob(blob);
        },
      }),
  });
  const commits: number[] = [];
  for (const system of ["one", "one", "two", "one"]) {
    house.system = system;
    const before = commitsIn(folder.path);
    const receipt = await walk.say("hello");
    if (receipt.taken) await walk.ending(receipt.runId);
    commits.push(commitsIn(folder.path) - before);
  }
  expect(commits).toEqual([2, 2, 2, 2]); // the message, the answer
  expect(put.length).toBe(2);
  using db = new Database(join(folder.path, "openclaw.db"), { readonly: true });
  expect(db.query("SELECT count(*) AS n FROM blobs").get()).toEqual({ n: 2 });
  const hashes = (await answersOf(walk)).map(({ event }) => event.prompt?.hash);
  expect(new Set(hashes).size).toBe(2);
  expect(hashes[0]).toBe(hashes[3]);
  const [first] = await answersOf(walk);
  expect(await walk.gateway.at(key, first?.seq ?? 0)).toMatchObject({ asked: { request: { system: "one" } } });
});

test("the past of a session ends where its log does", async () => {
  using folder = tempFolder();
  await using walk = new Walk({ folder: folder.path });
  const receipt = await walk.say("hello");
  if (receipt.taken) await walk.ending(receipt.runId);
  expect(await walk.gateway.at(key, 1)).toMatchObject({ event: { seq: 1 }, summary: { messageCount: 0 } });
  expect(await walk.gateway.at(key, 2)).toMatchObject({ summary: { messageCount: 1, preview: "hello" } });
  expect(walk.gateway.at(key, 4)).rejects.toMatchObject({ code: "invalidParams" });
  expect(walk.gateway.at("agent:main:none", 1)).rejects.toMatchObject({ code: "sessionNotFound" });
});
