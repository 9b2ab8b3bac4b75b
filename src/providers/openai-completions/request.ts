import type { OpenAI } from "openai";
import { noPictures, type Pictures } from "../pictures.ts";
import type { ModelMessage, ModelRequest, ToolSpec } from "../provider.ts";
import type { Quirks } from "./quirks.ts";

type Body = OpenAI.ChatCompletionCreateParamsStreaming;
type Message = OpenAI.ChatCompletionMessageParam;

/** A request as the chat completions API wants it. */
export function completionBody(request: ModelRequest, quirks: Quirks, pictures = noPictures): Body {
  return {
    model: request.model,
    stream: true,
    messages: messagesOf(request, { pictures, idOf: quirks.shortCallIds ? shortId : (id) => id }),
    [quirks.maxTokensField]: request.maxTokens,
    ...(quirks.usageOnRequest ? { stream_options: { include_usage: true } } : {}),
    ...(quirks.promptCacheKey ? { prompt_cache_key: request.sessionId } : {}),
    // Some servers refuse an empty list.
    ...(request.tools.length > 0 ? { tools: request.tools.map(toolOf) } : {}),
  };
}

/** The same as text. The tools are the same for turn after turn and mostly the larger part, so they are written once. */
export function completionText(request: ModelRequest, quirks: Quirks, pictures = noPictures): string {
  const { tools } = request;
  const text = JSON.stringify(completionBody({ ...request, tools: [] }, quirks, pictures));
  return tools.length === 0 ? text : `${text.slice(0, -1)},"tools":${textOfTools(tools)}}`;
}

const writtenTools = new WeakMap<readonly ToolSpec[], string>();

function textOfTools(tools: readonly ToolSpec[]): string {
  const known = writtenTools.get(tools);
  if (known !== undefined) return known;
  const text = JSON.stringify(tools.map(toolOf));
  writtenTools.set(tools, text);
  return text;
}

interface Writing {
  readonly pictures: Pictures;
  readonly idOf: (id: string) => string;
}

function messagesOf({ system, messages }: ModelRequest, writing: Writing): Message[] {
  const said: Message[] = system === "" ? [] : [{ role: "system", content: system }];
  for (const message of messages) {
    const written = messageOf(message, writing);
    if (written) said.push(written);
  }
  return said;
}

/** No message is empty: several servers refuse those, and then every later request of the session. Undefined for an answer that says nothing. */
function messageOf(message: ModelMessage, { pictures, idOf }: Writing): Message | undefined {
  switch (message.role) {
    case "user":
      return { role: "user", content: userContent(message, pictures) };
    case "tool":
      return { role: "tool", tool_call_id: idOf(message.callId), content: message.text || "(no output)" };
    case "assistant": {
      const content = message.text || null;
      if (message.toolCalls.length === 0) return content === null ? undefined : { role: "assistant", content };
      const calls = message.toolCalls.map(({ id, name, args }) => ({
        id: idOf(id),
        type: "function" as const,
        function: { name, arguments: JSON.stringify(args ?? {}) },
      }));
      return { role: "assistant", content, tool_calls: calls };
    }
  }
}

/** Text alone stays a string, which every server takes. */
function userContent(
  { text, pictures: wanted = [] }: Extract<ModelMessage, { role: "user" }>,
  pictures: Pictures,
): OpenAI.ChatCompletionUserMessageParam["content"] {
  const images = wanted.flatMap(({ blob, mimeType }): OpenAI.ChatCompletionContentPartImage[] => {
    const data = pictures.get(blob);
    return data === undefined ? [] : [{ type: "image_url", image_url: { url: `data:${mimeType};base64,${data}` } }];
  });
  const said = text || "(empty message)";
  return images.length === 0 ? said : [{ type: "text", text: said }, ...images];
}

function toolOf({ name, description, params }: ToolSpec): OpenAI.ChatCompletionTool {
  return { type: "function", function: { name, description, parameters: { ...params } } };
}

/** Nine letters and digits that stand for an id, always the same ones. */
function shortId(id: string): string {
  return Bun.hash(id).toString(36).padStart(9, "0").slice(-9);
}
