import type { ToolCall } from "./event.ts";
import type { MessageFile } from "./message.ts";

/** A conversation as a model reads it. Every tool call of an assistant is followed by exactly one result for it. */
export type ConversationMessage =
  | { readonly role: "user"; readonly text: string; readonly files?: readonly MessageFile[] }
  | { readonly role: "assistant"; readonly text: string; readonly toolCalls: readonly ToolCall[] }
  | {
      readonly role: "tool";
      readonly callId: string;
      readonly name: string;
      readonly text: string;
      readonly failed: boolean;
    };
