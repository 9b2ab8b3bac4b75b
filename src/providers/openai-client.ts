import { OpenAI } from "openai";
import { exactFetch } from "./exact-fetch.ts";

/** The SDK, told nothing by the environment: it asks where it is told to, with these headers and once. */
export function openaiClient(options: {
  readonly baseUrl: string;
  readonly headers: Headers;
  readonly timeoutMs: number;
}): OpenAI {
  return new OpenAI({
    baseURL: options.baseUrl,
    fetch: exactFetch(options.headers),
    maxRetries: 0,
    timeout: options.timeoutMs,
    logLevel: "off",
    // Each of these would be read from the environment. The key goes out by `exactFetch`, so the SDK needs none to lose.
    apiKey: "unused",
    adminAPIKey: null,
    organization: null,
    project: null,
    webhookSecret: null,
  });
}
