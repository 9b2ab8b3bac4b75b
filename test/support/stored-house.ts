import type { TurnTools } from "#agent";
import { newId } from "#base";
import { dice } from "./dice.ts";
import { FakeChannel } from "./fake-channel.ts";
import { until } from "./until.ts";
import { calls, says } from "./scripted-provider.ts";
import { Walk, webchat } from "./walk.ts";

const tools: TurnTools = {
  specs: [{ name: "look", description: "Looks.", params: { type: "object" } }],
  effectOf: () => "none",
  run: async ({ args }) => ({ text: `saw ${JSON.stringify(args)}`, durationMs: 1 }),
};

export interface HouseSize {
  readonly sessions: number;
  readonly turns: number;
}

/** Fills a database with what a gateway writes: turns with tools and without, resets, settings, blobs, records. */
export async function fillHouse(folder: string, seed: number, { sessions, turns }: HouseSize): Promise<void> {
  const roll = dice(seed);
  await using walk = new Walk({
    folder,
    tools,
    channels: [webchat, new FakeChannel(() => ({ refused: "forNow", problem: "the pigeon sleeps" }))],
    answer: () =>
      roll(3) === 0 ? calls([newId(), "look", { at: roll(9) }]) : says(`answer ${roll(100)} ${"é".repeat(roll(300))}`),
  });
  for (let n = 0; n < sessions; n++) {
    const sessionKey = `agent:main:s${n}`;
    for (let turn = 0; turn < turns; turn++) {
      const receipt = await walk.say(`question ${turn}`, { sessionKey });
      if (receipt.taken) await walk.ending(receipt.runId, sessionKey);
      if (roll(5) === 0) await walk.sessions.patch(sessionKey, { label: `label ${turn}` });
      if (roll(7) === 0) await walk.gateway.resetSession(sessionKey);
    }
  }
  const from = { channel: "pigeon", chat: "c" };
  const receipt = await walk.say("for the pigeon", { sessionKey: "agent:main:s0", from });
  if (receipt.taken) await walk.ending(receipt.runId, "agent:main:s0");
  await until("a try to deliver", async () => (await walk.storage.outbox({ limit: 1 }))[0]?.problem);
  await walk.storage.putBlob({ mimeType: "text/plain", bytes: new TextEncoder().encode("a blob") });
  await walk.storage.writeRecords([{ kind: "note", id: "1", data: JSON.stringify({ text: "a record" }) }]);
}
