import type { ReplyPart, ScriptedReply } from "./reply.ts";

/** An answer as the messages API streams it. */
export function* encodeAnthropic(reply: ScriptedReply, model: string): Generator<string | Promise<unknown>> {
  const { input, output, cacheRead } = { input: 10, output: 5, cacheRead: 0, ...reply.usage };
  const used = { input_tokens: input, cache_read_input_tokens: cacheRead, cache_creation_input_tokens: 0 };
  yield event("message_start", {
    message: {
      id: "msg_1",
      type: "message",
      role: "assistant",
      model,
      content: [],
      stop_reason: null,
      ...(reply.usage === null ? {} : { usage: { ...used, output_tokens: 1 } }),
    },
  });
  yield event("ping", {});
  let index = -1;
  let open: "text" | "thinking" | undefined;
  for (const part of reply.parts) {
    if (part instanceof Promise) {
      yield part;
      continue;
    }
    const kind = kindOf(part);
    if (open && open !== kind) {
      yield event("content_block_stop", { index });
      open = undefined;
    }
    if (typeof part === "object" && "toolCall" in part) {
      const { id, name, args, rawArgs } = part.toolCall;
      yield event("content_block_start", { index: ++index, content_block: { type: "tool_use", id, name, input: {} } });
      const text = rawArgs ?? JSON.stringify(args ?? {});
      const half = Math.ceil(text.length / 2);
      for (const piece of ["", text.slice(0, half), text.slice(half)]) {
        yield event("content_block_delta", { index, delta: { type: "input_json_delta", partial_json: piece } });
      }
      yield event("content_block_stop", { index });
      continue;
    }
    if (!open && kind !== "tool") {
      open = kind;
      yield event("content_block_start", { index: ++index, content_block: { type: kind, [kind]: "" } });
    }
    const delta =
      typeof part === "string"
        ? { type: "text_delta", text: part }
        : { type: "thinking_delta", thinking: part.thinking };
    yield event("content_block_delta", { index, delta });
  }
  if (open) yield event("content_block_stop", { index });
  const calls = reply.parts.some((part) => !(part instanceof Promise) && kindOf(part) === "tool");
  yield event("message_delta", {
    delta: { stop_reason: reply.finish ?? (calls ? "tool_use" : "end_turn"), stop_sequence: null },
    ...(reply.usage === null ? {} : { usage: { output_tokens: output } }),
  });
  yield event("message_stop", {});
}

function kindOf(part: Exclude<ReplyPart, Promise<unknown>>): "text" | "thinking" | "tool" {
  if (typeof part === "string") return "text";
  return "thinking" in part ? "thinking" : "tool";
}

function event(type: string, data: object): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;
}
