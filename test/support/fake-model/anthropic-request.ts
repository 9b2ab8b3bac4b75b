import { Type } from "@sinclair/typebox";
import { TypeCompiler } from "@sinclair/typebox/compiler";
import type { CallContent, CallMessage } from "./call.ts";
import { checked } from "./checked.ts";

// What the API documents of a messages request, as far as the gateway may use it. Names and ids in the API's limits.
const cacheable = { cache_control: Type.Optional(Type.Object({ type: Type.Literal("ephemeral") })) };
const CallId = Type.String({ pattern: "^[a-zA-Z0-9_-]+$" });
const Name = Type.String({ pattern: "^[a-zA-Z0-9_-]{1,64}$" });
const Text = Type.Object({ type: Type.Literal("text"), text: Type.String({ minLength: 1 }), ...cacheable });
const ToolUse = Type.Object({
  type: Type.Literal("tool_use"),
  id: CallId,
  name: Name,
  input: Type.Object({}),
  ...cacheable,
});
const ToolResult = Type.Object({
  type: Type.Literal("tool_result"),
  tool_use_id: CallId,
  content: Type.Optional(Type.String()),
  is_error: Type.Optional(Type.Boolean()),
  ...cacheable,
});
const Image = Type.Object({
  type: Type.Literal("image"),
  source: Type.Object({
    type: Type.Literal("base64"),
    media_type: Type.Union(["image/png", "image/jpeg", "image/gif", "image/webp"].map((type) => Type.Literal(type))),
    data: Type.String({ pattern: "^[A-Za-z0-9+/]+={0,2}$" }),
  }),
  ...cacheable,
});
const Block = Type.Union([Text, Image, ToolUse, ToolResult]);
const Request = Type.Object(
  {
    model: Type.String({ minLength: 1 }),
    max_tokens: Type.Integer({ minimum: 1 }),
    stream: Type.Literal(true),
    system: Type.Optional(Type.Union([Type.String(), Type.Array(Text)])),
    messages: Type.Array(
      Type.Object({
        role: Type.Union([Type.Literal("user"), Type.Literal("assistant")]),
        content: Type.Union([Type.String({ minLength: 1 }), Type.Array(Block, { minItems: 1 })]),
      }),
      { minItems: 1 },
    ),
    tools: Type.Optional(
      Type.Array(
        Type.Object({
          name: Name,
          description: Type.Optional(Type.String()),
          input_schema: Type.Object({ type: Type.Literal("object") }),
        }),
        { minItems: 1 },
      ),
    ),
  },
  { additionalProperties: false },
);
const compiled = TypeCompiler.Compile(Request);

export function readAnthropic(body: unknown): CallContent {
  const request = checked(compiled, body);
  if (request.messages[0]?.role !== "user") throw new Error("the first message must be the user's");
  const messages = request.messages.flatMap(({ role, content }): CallMessage[] => {
    if (typeof content === "string") return [{ role, text: content, toolCalls: [] }];
    const results = content
      .filter((block) => block.type === "tool_result")
      .map((block) => ({
        role: "tool" as const,
        text: block.content ?? "",
        toolCalls: [],
        callId: block.tool_use_id,
      }));
    const text = content.map((block) => (block.type === "text" ? block.text : "")).join("");
    const toolCalls = content
      .filter((block) => block.type === "tool_use")
      .map(({ id, name, input }) => ({ id, name, args: input }));
    const images = content.flatMap((block) =>
      block.type === "image" ? [`data:${block.source.media_type};base64,${block.source.data}`] : [],
    );
    if (images.length > 0) return [...results, { role, text, toolCalls, images }];
    return text === "" && toolCalls.length === 0 ? results : [...results, { role, text, toolCalls }];
  });
  demandResults(request.messages.map(({ content }) => (typeof content === "string" ? [] : content)));
  return {
    model: request.model,
    system:
      typeof request.system === "string"
        ? request.system
        : (request.system ?? []).map((block) => block.text).join("\n"),
    messages,
    tools: (request.tools ?? []).map((tool) => tool.name),
  };
}

/** "Each `tool_use` block must have a corresponding `tool_result` block in the next message." */
function demandResults(
  contents: readonly (readonly { readonly type: string; readonly id?: string; readonly tool_use_id?: string }[])[],
): void {
  for (const [at, blocks] of contents.entries()) {
    const calls = blocks.filter((block) => block.type === "tool_use").map((block) => block.id);
    const results = (contents[at + 1] ?? []).map((block) => block.tool_use_id);
    if (calls.some((id) => !results.includes(id))) throw new Error(`tool uses without results: ${calls.join(", ")}`);
  }
}
