import type { ConversationMessage, ToolCall, Usage } from "#protocol";

export interface ToolSpec {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the arguments. */
  readonly params: object;
}

export interface ModelRequest {
  /** The provider's own name of the model. */
  readonly model: string;
  readonly system: string;
  readonly messages: readonly ConversationMessage[];
  readonly tools: readonly ToolSpec[];
  readonly maxTokens: number;
  /** Stable per session, so that the provider can reuse what it cached for it. */
  readonly sessionId: string;
}

export type ModelStop = "stop" | "toolUse" | "length";

/** A word for programs, a sentence for people; neither ever holds a key. */
export interface ModelProblem {
  readonly kind:
    | "auth"
    | "billing"
    | "rateLimit"
    | "overloaded"
    | "contextLength"
    | "refusal"
    | "timeout"
    | "network"
    | "badResponse"
    | "badRequest";
  readonly message: string;
}

export type ModelEvent =
  | { readonly type: "text"; readonly delta: string }
  | { readonly type: "thinking"; readonly delta: string }
  /** Complete: its arguments parsed as JSON, or `argsProblem` says why they did not. */
  | ({ readonly type: "toolCall"; readonly argsProblem?: string } & ToolCall)
  | { readonly type: "done"; readonly stop: ModelStop; readonly usage: Usage }
  | { readonly type: "failed"; readonly problem: ModelProblem };

export interface Provider {
  /**
   * Yields parts, then exactly one `done` or `failed`. Never throws: a failing model is an event, so the loop above has one
   * way to end. When the signal aborts it ends without a last event. Transient failures before the first part are tried
   * again within a bound; after it, never, because the parts were already seen.
   */
  stream(request: ModelRequest, signal: AbortSignal): AsyncIterable<ModelEvent>;
}
