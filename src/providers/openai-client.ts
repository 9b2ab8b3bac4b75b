import { OpenAI } from "openai";
import { exactFetch } from "./exact-fetch.ts";

interface Options {
  readonly baseUrl: string;
  readonly headers: Headers;
  readonly timeoutMs: number;
}

/** The SDK, told nothing by the environment: it asks where it is told to, with these headers and once. */
export function openaiClient(options: Options): OpenAI {
  return new ExactOpenAI(options);
}

class ExactOpenAI extends OpenAI {
  readonly #headers: Headers;

  constructor({ baseUrl, headers, timeoutMs }: Options) {
    super({
      baseURL: baseUrl,
      fetch: exactFetch(headers),
      maxRetries: 0,
      timeout: timeoutMs,
      logLevel: "off",
      // Each of these would be read from the environment. The key goes out by `exactFetch`, so the SDK needs none to lose.
      apiKey: "unused",
      adminAPIKey: null,
      organization: null,
      project: null,
      webhookSecret: null,
    });
    this.#headers = headers;
  }

  /** What is text already needs no more than its address: the SDK's own headers take most of its time, and `exactFetch` drops them. */
  override async buildRequest(
    options: Parameters<OpenAI["buildRequest"]>[0],
    tries?: Parameters<OpenAI["buildRequest"]>[1],
  ): ReturnType<OpenAI["buildRequest"]> {
    const { method, path, query, body, signal, timeout = this.timeout } = options;
    if (typeof body !== "string" || query) return super.buildRequest(options, tries);
    const req = { method, headers: this.#headers, body, ...(signal && { signal }) };
    return { req, url: this.buildURL(path, undefined), timeout };
  }
}
