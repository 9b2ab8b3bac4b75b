import { takeTurn } from "#agent";
import type { ConversationMessage } from "#protocol";
import { expect, test } from "bun:test";
import { says, scriptedProvider } from "../../support/scripted-provider.ts";

const word = "word".repeat(100); // about 100 tokens

/** What the model is sent of a conversation when its window holds `contextWindow` tokens. */
async function sent(conversation: readonly ConversationMessage[], contextWindow: number) {
  const provider = scriptedProvider(says("ok"));
  const model = { provider, providerId: "fake", id: "fake-1", contextWindow, maxTokens: 100 };
  const tools = { specs: [], effectOf: () => "none" as const, run: async () => ({ text: "", durationMs: 0 }) };
  const input = { runId: "r", sessionId: "s", model, tools, system: "", conversation, maxSteps: 1 };
  await Array.fromAsync(takeTurn(input, new AbortController().signal));
  return provider.asked[0]?.messages ?? [];
}

const long: ConversationMessage[] = Array.from({ length: 20 }, (_, i) => [
  { role: "user" as const, text: `${i} ${word}` },
  { role: "assistant" as const, text: word, toolCalls: [] },
]).flat();

test("a conversation that fits is sent whole", async () => {
  expect(await sent(long, 100_000)).toEqual(long);
});

test("what does not fit is left out from the old end, never in the middle of an exchange", async () => {
  const messages = await sent(long, 1_200);
  expect(messages.length).toBeGreaterThan(4);
  expect(messages.length).toBeLessThan(12);
  expect(messages[0]?.role).toBe("user");
  expect(messages).toEqual(long.slice(-messages.length));
});

test("the last question stays, with the calls and results that followed it, however large", async () => {
  const question: ConversationMessage[] = [
    { role: "user", text: word.repeat(50) },
    { role: "assistant", text: "", toolCalls: [{ id: "1", name: "read", args: {} }] },
    { role: "tool", callId: "1", name: "read", text: word.repeat(50), failed: false },
  ];
  expect(await sent([...long, ...question], 1_000)).toEqual(question);
});

test("ideographs weigh more than letters", async () => {
  const chinese: ConversationMessage[] = [
    { role: "user", text: "字".repeat(400) },
    { role: "assistant", text: "好", toolCalls: [] },
    { role: "user", text: "再来" },
  ];
  expect(await sent(chinese, 400)).toHaveLength(1);
  expect(
    await sent(
      chinese.map((m) => ({ ...m, text: m.text.replaceAll("字", "a") })),
      400,
    ),
  ).toHaveLength(3);
});
