import type { ConversationMessage } from "#protocol";
import type { ModelRequest, ToolSpec } from "#providers";
import { fitToWindow } from "./window.ts";

export type { ModelRequest };

/** What a model is given beside the conversation; the same for all the steps of a turn. */
export interface RequestFrame {
  readonly sessionId: string;
  readonly system: string;
  readonly tools: { readonly specs: readonly ToolSpec[] };
  readonly model: { readonly id: string; readonly contextWindow: number; readonly maxTokens: number };
}

/** What a model is asked with this conversation: the same frame and the same conversation, the same request. */
export function modelRequest(frame: RequestFrame, conversation: readonly ConversationMessage[]): ModelRequest {
  return {
    model: frame.model.id,
    system: frame.system,
    messages: fitToWindow(conversation, frame),
    tools: frame.tools.specs,
    maxTokens: frame.model.maxTokens,
    sessionId: frame.sessionId,
  };
}
