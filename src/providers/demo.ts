import type { ConversationMessage, Usage } from "#protocol";
import { answerTo, type DemoAnswer } from "./demo/answer.ts";
import { defineProvider, type ModelEvent, type ModelRequest, type Provider } from "./provider.ts";

/**
 * The model of a fresh installation: offline, by fixed rules, the same answer to the same conversation every time. It shows
 * the whole walk, tools included, and says in every answer that it is not a real model.
 */
export const demo = defineProvider({
  api: "demo",
  label: "Demo model, built in and offline",
  open: async () => demoProvider,
});

const demoProvider: Provider = {
  async *stream(request, signal) {
    const answer = answerTo(request);
    for (const delta of answer.text.match(/\S+\s*|\s+/g) ?? []) {
      if (signal.aborted) return;
      yield { type: "text", delta };
    }
    if (signal.aborted) return;
    if (answer.call) yield { type: "toolCall", id: nextCallId(request.messages), ...answer.call };
    yield done(request, answer);
  },
};

function done(request: ModelRequest, { text, call }: DemoAnswer): ModelEvent {
  const asked = [request.system, ...request.messages.map((message) => message.text)].join(" ");
  const usage: Usage = { input: countWords(asked), output: countWords(text), cacheRead: 0, cacheWrite: 0 };
  return { type: "done", stop: call ? "toolUse" : "stop", usage };
}

function nextCallId(messages: readonly ConversationMessage[]): string {
  const made = messages.reduce(
    (sum, message) => sum + (message.role === "assistant" ? message.toolCalls.length : 0),
    0,
  );
  return `demo-${made + 1}`;
}

/** Its tokens are words. */
function countWords(text: string): number {
  return text.match(/\S+/g)?.length ?? 0;
}
