import { addressOf } from "../address.ts";
import { openaiClient } from "../openai-client.ts";
import type { OpenSettings, Provider, Surroundings } from "../provider.ts";
import { createRemoteProvider } from "../remote.ts";
import { CompletionReader } from "./answer.ts";
import { readPictures } from "../pictures.ts";
import { quirksOf } from "./quirks.ts";
import { completionText } from "./request.ts";

const json = { "content-type": "application/json" };

/**
 * The SDK asks and we read: its own stream takes three times the time (0.8 ms for an answer of 300 pieces), holds lines of
 * any length, and hides the comments by which a busy server says that it is still there.
 */
export function openCompletions(settings: OpenSettings, surroundings: Surroundings): Provider {
  const address = addressOf(settings, { baseUrl: "https://api.openai.com/v1", headers: {} }, (key) => [
    "authorization",
    `Bearer ${key}`,
  ]);
  const silenceMs = settings.timeoutSeconds * 1_000;
  const quirks = quirksOf(address.host);
  // The limit is longer than ours, which covers the whole answer and not its head alone.
  const client = openaiClient({ baseUrl: address.baseUrl, headers: address.headers, timeoutMs: silenceMs * 2 });
  return createRemoteProvider(
    {
      id: settings.id,
      host: address.host,
      secrets: address.secrets,
      silenceMs,
      // Given as text: what the SDK makes of an object, it looks through again and again (0.1 ms for 400 messages).
      ask: async (request, signal) => {
        const body = completionText(request, quirks, await readPictures(request));
        return client.post("/chat/completions", { body, headers: json, signal, stream: true }).asResponse();
      },
      reader: (request) => new CompletionReader(request),
    },
    surroundings,
  );
}
