import { readAnthropic } from "./anthropic-request.ts";
import { readOpenai } from "./openai-request.ts";

export interface CallMessage {
  readonly role: "user" | "assistant" | "tool";
  readonly text: string;
  /** The pictures in it, as data: URLs. */
  readonly images?: readonly string[];
  readonly toolCalls: readonly { readonly id: string; readonly name: string; readonly args: unknown }[];
  /** Of a tool's result: the call it answers. */
  readonly callId?: string;
}

export interface CallContent {
  readonly model: string;
  readonly system: string;
  readonly messages: readonly CallMessage[];
  /** The names of the tools on offer. */
  readonly tools: readonly string[];
}

/** What the model was asked, the same for both APIs; parsed when looked at, which throws for what the real API would refuse. */
export interface ModelCall extends CallContent {
  readonly api: "openai-completions" | "anthropic-messages";
  readonly headers: Headers;
  /** As it was sent. */
  readonly bodyText: string;
}

/** The call in a request, or undefined when its path is not of either API. */
export async function readCall(request: Request): Promise<ModelCall | undefined> {
  const api = apiOf(request);
  if (!api) return undefined;
  const bodyText = await request.text();
  let content: CallContent | undefined;
  const read = () => (content ??= (api === "openai-completions" ? readOpenai : readAnthropic)(JSON.parse(bodyText)));
  return {
    api,
    headers: request.headers,
    bodyText,
    get model() {
      return read().model;
    },
    get system() {
      return read().system;
    },
    get messages() {
      return read().messages;
    },
    get tools() {
      return read().tools;
    },
  };
}

function apiOf(request: Request): ModelCall["api"] | undefined {
  if (request.method !== "POST") return undefined;
  if (request.url.endsWith("/v1/chat/completions")) return "openai-completions";
  return request.url.endsWith("/v1/messages") ? "anthropic-messages" : undefined;
}
