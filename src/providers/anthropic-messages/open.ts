import { Anthropic } from "@anthropic-ai/sdk";
import { addressOf } from "../address.ts";
import { exactFetch } from "../exact-fetch.ts";
import { readPictures } from "../pictures.ts";
import type { OpenSettings, Provider, Surroundings } from "../provider.ts";
import { createRemoteProvider } from "../remote.ts";
import { MessageReader } from "./answer.ts";
import { messagesBody } from "./request.ts";

/** The SDK asks and we read, for the reasons that `openCompletions` gives. */
export function openMessages(settings: OpenSettings, surroundings: Surroundings): Provider {
  const address = addressOf(
    settings,
    { baseUrl: "https://api.anthropic.com", headers: { "anthropic-version": "2023-06-01" } },
    (key) => ["x-api-key", key],
  );
  const silenceMs = settings.timeoutSeconds * 1_000;
  const client = new Anthropic({
    // The SDK adds the version itself; people who know the other API's address write it here too.
    baseURL: address.baseUrl.replace(/\/(v1\/?)?$/, ""),
    fetch: exactFetch(address.headers),
    maxRetries: 0,
    // Longer than ours, which covers the whole answer and not its head alone.
    timeout: silenceMs * 2,
    logLevel: "off",
    openTelemetry: false,
    // Without one, the SDK looks for it in the environment and in files. The real key goes out by `exactFetch`.
    apiKey: "unused",
    webhookKey: null,
  });
  return createRemoteProvider(
    {
      id: settings.id,
      host: address.host,
      secrets: address.secrets,
      silenceMs,
      ask: async (request, signal) => {
        const body = messagesBody(request, await readPictures(request));
        return client.messages.create(body, { signal }).asResponse();
      },
      reader: (request) => new MessageReader(request),
    },
    surroundings,
  );
}
