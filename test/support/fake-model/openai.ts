import type { ScriptedReply } from "./reply.ts";

/** An answer as the chat completions API streams it. */
export function* encodeOpenai(reply: ScriptedReply, model: string): Generator<string | Promise<unknown>> {
  const head = { id: "chatcmpl-1", object: "chat.completion.chunk", created: 1_700_000_000, model };
  const chunk = (delta: object, finish: string | null = null) =>
    event({ ...head, choices: [{ index: 0, delta, finish_reason: finish }] });
  yield chunk({ role: "assistant", content: "" });
  let calls = 0;
  for (const part of reply.parts) {
    if (part instanceof Promise) yield part;
    else if (typeof part === "string") yield chunk({ content: part });
    else if ("thinking" in part) yield chunk({ reasoning_content: part.thinking });
    else {
      const { id, name, args, rawArgs } = part.toolCall;
      const index = calls++;
      const text = rawArgs ?? JSON.stringify(args ?? {});
      const half = Math.ceil(text.length / 2);
      yield chunk({ tool_calls: [{ index, id, type: "function", function: { name, arguments: "" } }] });
      for (const piece of [text.slice(0, half), text.slice(half)]) {
        yield chunk({ tool_calls: [{ index, function: { arguments: piece } }] });
      }
    }
  }
  yield chunk({}, reply.finish ?? (calls > 0 ? "tool_calls" : "stop"));
  if (reply.usage !== null) yield event({ ...head, choices: [], usage: usageOf(reply) });
  yield "data: [DONE]\n\n";
}

function usageOf({ usage }: ScriptedReply) {
  const { input, output, cacheRead } = { input: 10, output: 5, cacheRead: 0, ...usage };
  return {
    prompt_tokens: input + cacheRead,
    completion_tokens: output,
    total_tokens: input + cacheRead + output,
    prompt_tokens_details: { cached_tokens: cacheRead },
  };
}

function event(data: object): string {
  return `data: ${JSON.stringify(data)}\n\n`;
}
