import { takeTurn } from "#agent";
import type { ConversationMessage } from "#protocol";
import { bench, group } from "mitata";
import { quirksOf } from "../../src/providers/openai-completions/quirks.ts";
import { completionText } from "../../src/providers/openai-completions/request.ts";
import { says, scriptedProvider } from "../../test/support/scripted-provider.ts";

export function benchAgent(): void {
  const conversation = Array.from({ length: 200 }, (_, i): ConversationMessage => ({
    role: "user",
    text: `message ${i} `.repeat(20),
  }));
  group("agent", () => {
    const signal = new AbortController().signal;
    const tools = { specs: [], effectOf: () => "none" as const, run: async () => ({ text: "", durationMs: 0 }) };
    bench("a turn over 200 messages, without a model", async () => {
      const provider = scriptedProvider(says("ok"));
      const model = { provider, providerId: "fake", id: "fake-1", contextWindow: 100_000, maxTokens: 1_000 };
      const input = { runId: "r", sessionId: "s", model, tools, system: "", conversation, maxSteps: 1 };
      for await (const event of takeTurn(input, signal)) void event;
    });
    const quirks = quirksOf("127.0.0.1");
    const request = {
      model: "fake-1",
      system: "",
      messages: conversation,
      tools: [],
      maxTokens: 1_000,
      sessionId: "s",
    };
    bench("a chat completion's request over 200 messages, as text", () => completionText(request, quirks));
  });
}
