import type { ConversationMessage } from "#protocol";
import type { ToolSpec } from "#providers";
import { estimateTokens } from "./estimate-tokens.ts";

/** Kept free beside what is counted, because the count is an estimate. */
const reserveShare = 0.05;

/** Estimates are remembered by message: a conversation is counted once, not once a turn. */
const counted = new WeakMap<ConversationMessage, number>();

/**
 * The newest part of a conversation that fits the model's window beside the system prompt, the tools and the answer. It
 * begins with a user's message, so that no tool result stands without its call. The last user message and what came after
 * it always stay: when even they are too much, the model says so, and that is the answer.
 */
export function fitToWindow(
  conversation: readonly ConversationMessage[],
  input: {
    readonly system: string;
    readonly tools: { readonly specs: readonly ToolSpec[] };
    readonly model: { readonly contextWindow: number; readonly maxTokens: number };
  },
  /** Of what goes along with a message beside its text. */
  extraTokens: (message: ConversationMessage) => number = () => 0,
): readonly ConversationMessage[] {
  const { contextWindow, maxTokens } = input.model;
  const fixed = estimateTokens(input.system) + toolTokens(input.tools.specs) + maxTokens;
  const budget = contextWindow * (1 - reserveShare) - fixed;

  let used = 0;
  let start = conversation.length;
  for (let at = conversation.length - 1; at >= 0; at--) {
    const message = conversation[at];
    if (!message) break;
    used += tokensOf(message) + extraTokens(message);
    if (used > budget && start < conversation.length) break;
    if (message.role === "user") start = at;
  }
  return start === 0 ? conversation : conversation.slice(start);
}

function tokensOf(message: ConversationMessage): number {
  const known = counted.get(message);
  if (known !== undefined) return known;
  const calls = message.role === "assistant" && message.toolCalls.length > 0 ? JSON.stringify(message.toolCalls) : "";
  const tokens = estimateTokens(message.text) + estimateTokens(calls) + 4; // a few tokens frame each message
  counted.set(message, tokens);
  return tokens;
}

/** Tool lists are constant objects, and few. */
const countedTools = new WeakMap<readonly ToolSpec[], number>();

function toolTokens(specs: readonly ToolSpec[]): number {
  const known = countedTools.get(specs);
  if (known !== undefined) return known;
  const tokens = specs.length === 0 ? 0 : estimateTokens(JSON.stringify(specs));
  countedTools.set(specs, tokens);
  return tokens;
}
