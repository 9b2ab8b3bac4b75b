import { type Static, Type } from "@sinclair/typebox";
import { TypeCompiler } from "@sinclair/typebox/compiler";
import type { CallContent, CallMessage } from "./call.ts";
import { checked } from "./checked.ts";

// What the API documents of a chat completion request, as far as the gateway may use it. Names and ids in the API's limits.
const Name = Type.String({ pattern: "^[a-zA-Z0-9_-]{1,64}$" });
const ToolCall = Type.Object({
  id: Type.String({ minLength: 1 }),
  type: Type.Literal("function"),
  function: Type.Object({ name: Name, arguments: Type.String() }),
});
const UserPart = Type.Union([
  Type.Object({ type: Type.Literal("text"), text: Type.String({ minLength: 1 }) }),
  Type.Object({
    type: Type.Literal("image_url"),
    image_url: Type.Object({
      url: Type.String({ pattern: "^data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/]+={0,2}$" }),
    }),
  }),
]);
const Message = Type.Union([
  Type.Object({ role: Type.Union([Type.Literal("system"), Type.Literal("developer")]), content: Type.String() }),
  Type.Object({
    role: Type.Literal("user"),
    content: Type.Union([Type.String({ minLength: 1 }), Type.Array(UserPart, { minItems: 1 })]),
  }),
  Type.Object(
    { role: Type.Literal("assistant"), content: Type.String({ minLength: 1 }) },
    { additionalProperties: false },
  ),
  Type.Object({
    role: Type.Literal("assistant"),
    content: Type.Union([Type.Null(), Type.String({ minLength: 1 })]),
    tool_calls: Type.Array(ToolCall, { minItems: 1 }),
  }),
  Type.Object({ role: Type.Literal("tool"), tool_call_id: Type.String({ minLength: 1 }), content: Type.String() }),
]);
const Request = Type.Object(
  {
    model: Type.String({ minLength: 1 }),
    messages: Type.Array(Message, { minItems: 1 }),
    tools: Type.Optional(
      Type.Array(
        Type.Object({
          type: Type.Literal("function"),
          function: Type.Object({
            name: Name,
            description: Type.Optional(Type.String()),
            parameters: Type.Optional(Type.Object({})),
          }),
        }),
        { minItems: 1 },
      ),
    ),
    stream: Type.Literal(true),
    stream_options: Type.Optional(Type.Object({ include_usage: Type.Boolean() })),
    max_tokens: Type.Optional(Type.Integer({ minimum: 1 })),
    max_completion_tokens: Type.Optional(Type.Integer({ minimum: 1 })),
    prompt_cache_key: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
);
const compiled = TypeCompiler.Compile(Request);

export function readOpenai(body: unknown): CallContent {
  const request = checked(compiled, body);
  const messages = request.messages
    .filter(({ role }) => !isSystem(role))
    .map((message): CallMessage => {
      if (Array.isArray(message.content)) return userMessage(message.content);
      const text = message.content ?? "";
      if (message.role === "tool") return { role: "tool", text, toolCalls: [], callId: message.tool_call_id };
      if (message.role !== "assistant") return { role: "user", text, toolCalls: [] };
      const toolCalls = ("tool_calls" in message ? message.tool_calls : []).map((call) => ({
        id: call.id,
        name: call.function.name,
        args: JSON.parse(call.function.arguments) as unknown,
      }));
      return { role: "assistant", text, toolCalls };
    });
  demandResults(messages);
  return {
    model: request.model,
    system: request.messages
      .filter(({ role }) => isSystem(role))
      .map(({ content }) => (typeof content === "string" ? content : ""))
      .join("\n"),
    messages,
    tools: (request.tools ?? []).map((tool) => tool.function.name),
  };
}

function userMessage(parts: readonly Static<typeof UserPart>[]): CallMessage {
  const text = parts.map((part) => (part.type === "text" ? part.text : "")).join("");
  const images = parts.flatMap((part) => (part.type === "image_url" ? [part.image_url.url] : []));
  return { role: "user", text, toolCalls: [], images };
}

function isSystem(role: string): boolean {
  return role === "system" || role === "developer";
}

/** "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'." */
function demandResults(messages: readonly CallMessage[]): void {
  for (const [at, message] of messages.entries()) {
    const calls = message.toolCalls.map((call) => call.id);
    const answered = messages.slice(at + 1, at + 1 + calls.length).map((result) => result.callId);
    if (calls.some((id) => !answered.includes(id))) throw new Error(`tool calls without results: ${calls.join(", ")}`);
  }
}
