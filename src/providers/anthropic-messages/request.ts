import type { Anthropic } from "@anthropic-ai/sdk";
import { noPictures, type Pictures } from "../pictures.ts";
import type { ModelMessage, ModelRequest, ToolSpec } from "../provider.ts";

type Body = Anthropic.MessageCreateParamsStreaming;
type Block =
  | Anthropic.TextBlockParam
  | Anthropic.ImageBlockParam
  | Anthropic.ToolUseBlockParam
  | Anthropic.ToolResultBlockParam;

/**
 * A request as the messages API wants it. Two marks let the server cache it: one after tools and system prompt, which stay
 * the same for a session, and one at the end, from where the next request goes on.
 */
export function messagesBody(request: ModelRequest, pictures = noPictures): Body {
  return {
    model: request.model,
    stream: true,
    max_tokens: request.maxTokens,
    messages: markLast(alternating(request.messages, pictures)),
    ...(request.system === "" ? {} : { system: [{ type: "text", text: request.system, cache_control: cached }] }),
    ...(request.tools.length > 0 ? { tools: request.tools.map(toolOf) } : {}),
  };
}

const cached = { type: "ephemeral" } as const;

interface Turn {
  readonly role: "user" | "assistant";
  readonly content: Block[];
}

/** User and assistant by turns, the user first: all that follows on each other in one role is one message. */
function alternating(messages: readonly ModelMessage[], pictures: Pictures): Turn[] {
  const turns: Turn[] = [];
  for (const message of messages) {
    const role = message.role === "assistant" ? "assistant" : "user";
    const content = blocksOf(message, pictures);
    if (content.length === 0) continue;
    if (turns.length === 0 && role === "assistant") turns.push({ role: "user", content: [textBlock("(continued)")] });
    const last = turns.at(-1);
    if (last?.role === role) last.content.push(...content);
    else turns.push({ role, content });
  }
  return turns;
}

/** No text is empty: the API refuses those, and then every later request of the session. */
function blocksOf(message: ModelMessage, pictures: Pictures): Block[] {
  switch (message.role) {
    case "user":
      return [...imageBlocks(message, pictures), textBlock(message.text || "(empty message)")];
    case "tool":
      return [
        {
          type: "tool_result",
          tool_use_id: acceptedId(message.callId),
          content: message.text || "(no output)",
          ...(message.failed ? { is_error: true } : {}),
        },
      ];
    case "assistant":
      return [
        // The API refuses an assistant's text that is nothing but white space.
        ...(message.text.trim() === "" ? [] : [textBlock(message.text)]),
        ...message.toolCalls.map(({ id, name, args }) => ({
          type: "tool_use" as const,
          id: acceptedId(id),
          name,
          input: typeof args === "object" ? (args ?? {}) : {},
        })),
      ];
  }
}

/** Before the text, as their maker advises. */
function imageBlocks(
  { pictures: wanted = [] }: Extract<ModelMessage, { role: "user" }>,
  pictures: Pictures,
): Anthropic.ImageBlockParam[] {
  return wanted.flatMap(({ blob, mimeType }): Anthropic.ImageBlockParam[] => {
    const data = pictures.get(blob);
    const type = accepted.find((one) => one === mimeType);
    if (data === undefined || type === undefined) return [];
    return [{ type: "image", source: { type: "base64", media_type: type, data } }];
  });
}

const accepted = ["image/jpeg", "image/png", "image/gif", "image/webp"] as const;

function markLast(turns: Turn[]): Turn[] {
  const last = turns.at(-1);
  const block = last?.content.pop();
  if (last && block) last.content.push({ ...block, cache_control: cached });
  return turns;
}

function toolOf({ name, description, params }: ToolSpec): Anthropic.Tool {
  return { name, description, input_schema: { ...params, type: "object" } };
}

function textBlock(text: string): Anthropic.TextBlockParam {
  return { type: "text", text };
}

/** The same id, as long as the API takes it: other providers' may have other characters. */
function acceptedId(id: string): string {
  return id.replaceAll(/[^a-zA-Z0-9_-]/g, "_") || "_";
}
