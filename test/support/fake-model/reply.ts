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
  readonly then?: "end" | "reset" | "hang";
}

export interface Sending {
  opened(): void;
  closed(): void;
}

const eventStream = { "content-type": "text/event-stream; charset=utf-8" };

export function respond(reply: string | ScriptedReply | RawReply, call: ModelCall, sending: Sending): Response {
  if (typeof reply === "string") return respond({ parts: [reply] }, call, sending);
  if ("chunks" in reply) return sendRaw(reply, sending);
  const encode = call.api === "openai-completions" ? encodeOpenai : encodeAnthropic;
  if (!reply.parts.some((part) => part instanceof Promise)) {
    return new Response(whole([...encode(reply, call.model)]), { headers: eventStream });
  }
  return sendRaw({ chunks: [...encode(reply, call.model)] }, sending);
}

function sendRaw(reply: RawReply, sending: Sending): Response {
  const headers = { ...eventStream, ...reply.headers };
  const status = reply.status ?? 200;
  const ending = reply.then ?? "end";
  if (ending === "end" && !reply.apart && !reply.chunks.some((chunk) => chunk instanceof Promise)) {
    return new Response(whole(reply.chunks), { status, headers });
  }
  const left = Promise.withResolvers<"left">();
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      sending.opened();
      try {
        for (const chunk of reply.chunks) {
          if (!(chunk instanceof Promise)) {
            controller.enqueue(bytesOf(chunk));
            if (reply.apart) await Bun.sleep(1);
            continue;
          }
          if ((await Promise.race([chunk, left.promise])) === "left") return;
        }
        if (ending === "hang" && (await left.promise)) return;
        // What was enqueued leaves before the connection is cut.
        if (ending === "reset") await Bun.sleep(5);
        if (ending === "reset") controller.error(new Error("cut, as the script says"));
        else controller.close();
      } finally {
        sending.closed();
      }
    },
    cancel: () => left.resolve("left"),
  });
  return new Response(body, { status, headers });
}

function whole(chunks: RawReply["chunks"]): Buffer {
  return Buffer.concat(chunks.map((chunk) => (chunk instanceof Promise ? Buffer.alloc(0) : bytesOf(chunk))));
}

function bytesOf(chunk: string | Uint8Array): Uint8Array {
  return typeof chunk === "string" ? Buffer.from(chunk) : chunk;
}
