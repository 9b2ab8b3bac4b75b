import { type EventOf, noUsage, StopReason, type Usage } from "#protocol";
import type { Static } from "@sinclair/typebox";
import { Check } from "@sinclair/typebox/value";
import { type AssistantMessage, TextBlock, ThinkingBlock, ToolCallBlock, type ToolResultMessage } from "./entry.ts";
import { isTable } from "./is-table.ts";

type Content = string | readonly { readonly type: string }[];

/** The words of a message; a block that has none is named in their place. */
export function textOf(content: Content): { readonly text: string; readonly lostBlocks: number } {
  if (typeof content === "string") return { text: content, lostBlocks: 0 };
  const lost = content.filter((block) => !Check(TextBlock, block));
  const parts = content.map((block) => (Check(TextBlock, block) ? block.text : `[${block.type}]`));
  return { text: parts.join("\n"), lostBlocks: lost.length };
}

export function answerOf(
  message: Static<typeof AssistantMessage>,
  runId: string,
): { readonly event: EventOf<"AgentResponse">; readonly lostBlocks: number } {
  const blocks: readonly { readonly type: string }[] =
    typeof message.content === "string" ? [textBlock(message.content)] : message.content;
  const thoughts = blocks.flatMap((block) => (Check(ThinkingBlock, block) ? [block] : []));
  const calls = blocks.flatMap((block) => (Check(ToolCallBlock, block) ? [block] : []));
  const rest = blocks.filter((block) => !Check(ThinkingBlock, block) && !Check(ToolCallBlock, block));
  const { text, lostBlocks } = textOf(rest);
  const { stopReason, errorMessage, provider = "unknown", model = "unknown" } = message;
  const event: EventOf<"AgentResponse"> = {
    kind: "AgentResponse",
    runId,
    text,
    ...(thoughts.length === 0 ? {} : { thinking: thoughts.map(({ thinking }) => thinking).join("\n") }),
    toolCalls: calls.map(({ id, name, arguments: args }) => ({ id, name, args })),
    stopReason: Check(StopReason, stopReason) ? stopReason : calls.length > 0 ? "toolUse" : "stop",
    ...(errorMessage === undefined ? {} : { problem: { kind: "imported", message: errorMessage } }),
    provider,
    model,
    usage: usageOf(message.usage),
  };
  return { event, lostBlocks };
}

export function resultOf(
  { toolCallId: callId, toolName: tool, content, isError = false }: Static<typeof ToolResultMessage>,
  runId: string,
): { readonly event: EventOf<"ToolResult">; readonly lostBlocks: number } {
  const { text: result, lostBlocks } = textOf(content);
  return { event: { kind: "ToolResult", runId, callId, tool, success: !isError, result, durationMs: 0 }, lostBlocks };
}

function textBlock(text: string): Static<typeof TextBlock> {
  return { type: "text", text };
}

function usageOf(usage: unknown): Usage {
  if (!isTable(usage)) return noUsage;
  const count = (name: keyof Usage) => (Number.isSafeInteger(usage[name]) ? Number(usage[name]) : 0);
  return {
    input: count("input"),
    output: count("output"),
    cacheRead: count("cacheRead"),
    cacheWrite: count("cacheWrite"),
  };
}
