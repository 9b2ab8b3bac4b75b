import { encodeAnthropic } from "./anthropic.ts";
import type { ModelCall } from "./call.ts";
import { encodeOpenai } from "./openai.ts";

/** A piece of an answer; a string is text, and a promise holds the answer up until it resolves. */
export type ReplyPart =
  | string
  | { readonly thinking: string }
  /** `args` as JSON, or `rawArgs` as they are. In how many pieces they are sent is up to the API's encoder. */
  | {
      readonly toolCall: {
        readonly id: string;
        readonly name: string;
        readonly args?: unknown;
        readonly rawArgs?: string;
      };
    }
  | Promise<unknown>;

export interface ScriptedReply {
  readonly parts: readonly ReplyPart[];
  /** What the model says it used; `null` for a server that does not say. */
  readonly usage?: { readonly input: number; readonly output: number; readonly cacheRead?: number } | null;
  /** As the API spells it; without it, what fits the parts. */
  readonly finish?: string;
}

/** Whatever a server may do. A promise among the chunks holds the rest up until it resolves. */
export interface RawReply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly chunks: readonly (string | Uint8Array | Promise<unknown>)[];
  /** Send each chunk by itself, so that the other side reads them one by one. */
  readonly apart?: boolean;
  /** How it ends: properly, by closing the connection, or not at all. */
  readonly ending?: "end" | "reset" | "hang";
}

export interface Sending {
  opened(): void;
  closed(): void;
}

const eventStream = { "content-type": "text/event-stream; charset=utf-8" };

export function respond(reply: string | ScriptedReply | RawReply, call: ModelCall, sending: Sending): Response {
  if (typeof reply === "string") return respond({ parts: [reply] }, call, sending);
  if ("chunks" in reply) return sendRaw(reply, sending);
  return sendRaw({ chunks: encodeReply(call.api, reply) }, sending);
}

/** The events of an answer as the API streams them, one chunk each: the raw material for a server that does it wrong. */
export function encodeReply(api: ModelCall["api"], reply: ScriptedReply): (string | Promise<unknown>)[] {
  return [...(api === "openai-completions" ? encodeOpenai : encodeAnthropic)(reply, "fake-model")];
}

function sendRaw(reply: RawReply, sending: Sending): Response {
  const headers = { ...eventStream, ...reply.headers };
  const status = reply.status ?? 200;
  const ending = reply.ending ?? "end";
  if (ending === "end" && !reply.apart && !reply.chunks.some((chunk) => chunk instanceof Promise)) {
    return new Response(whole(reply.chunks), { status, headers });
  }
  const left = new AbortController();
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      sending.opened();
      try {
        await play(reply, controller, left.signal);
      } finally {
        sending.closed();
      }
    },
    cancel: () => left.abort(),
  });
  return new Response(body, { status, headers });
}

/** Sends a reply piece by piece, for as long as somebody listens. */
async function play(
  reply: RawReply,
  controller: ReadableStreamDefaultController<Uint8Array>,
  left: AbortSignal,
): Promise<void> {
  const leaving = new Promise<void>((resolve) => left.addEventListener("abort", () => resolve(), { once: true }));
  for (const chunk of reply.chunks) {
    if (chunk instanceof Promise) await Promise.race([chunk, leaving]);
    else if (reply.apart) await Bun.sleep(1);
    if (left.aborted) return;
    if (!(chunk instanceof Promise)) controller.enqueue(bytesOf(chunk));
  }
  if (reply.ending === "hang") await leaving;
  // What was enqueued leaves before the connection is cut.
  if (reply.ending === "reset") await Bun.sleep(5);
  if (left.aborted) return;
  if (reply.ending === "reset") controller.error(new Error("cut, as the script says"));
  else controller.close();
}

function whole(chunks: RawReply["chunks"]): Buffer {
  return Buffer.concat(chunks.map((chunk) => (chunk instanceof Promise ? Buffer.alloc(0) : bytesOf(chunk))));
}

function bytesOf(chunk: string | Uint8Array): Uint8Array {
  return typeof chunk === "string" ? Buffer.from(chunk) : chunk;
}
