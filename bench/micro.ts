/** Single functions on the path of a message, measured by mitata. */
import { bench, group, run } from "mitata";
import { takeTurn } from "#agent";
import { Lru, Secret } from "#base";
import { createScheduler } from "#scheduler";
import { says, scriptedProvider } from "../test/support/scripted-provider.ts";

const signal = new AbortController().signal;

group("ground", () => {
  const lru = new Lru<number, string>({ budget: 1_000 });
  let next = 0;
  bench("LRU set, evicting", () => {
    lru.set(next++, "value");
  });
  const secret = new Secret("0123456789abcdef0123456789abcdef");
  bench("secret compare", () => secret.matches("0123456789abcdef0123456789abcdee"));
});

group("scheduler", () => {
  const scheduler = createScheduler({ running: 8, waiting: 256, perLane: 20 }, () => {});
  bench("reserve, start, end", async () => {
    const reservation = scheduler.reserve("lane");
    if (!reservation.reserved) throw new Error(reservation.because);
    const done = Promise.withResolvers<void>();
    reservation.place.start(async () => done.resolve());
    await done.promise;
  });
});

group("agent", () => {
  const conversation = Array.from({ length: 200 }, (_, i) => ({
    role: "user" as const,
    text: `message ${i} `.repeat(20),
  }));
  const tools = { specs: [], isReadOnly: () => true, run: async () => ({ text: "", durationMs: 0 }) };
  bench("a turn over 200 messages, without a model", async () => {
    const provider = scriptedProvider(says("ok"));
    const model = { provider, providerId: "fake", id: "fake-1", contextWindow: 100_000, maxTokens: 1_000 };
    const input = { runId: "r", sessionId: "s", model, tools, system: "", conversation, maxSteps: 1 };
    for await (const event of takeTurn(input, signal)) void event;
  });
});

await run();
