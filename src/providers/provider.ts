import type { Clock, Log, pause } from "#base";
import type { ConversationMessage, MessageFile, ToolCall, Usage } from "#protocol";
import type { ProviderSettings } from "./settings.ts";

export interface ToolSpec {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the arguments. */
  readonly params: object;
}

/** A message as a model is given it: with those of its files that go along as pictures. */
export type ModelMessage =
  | Exclude<ConversationMessage, { role: "user" }>
  | { readonly role: "user"; readonly text: string; readonly pictures?: readonly MessageFile[] };

/** The bytes of a picture; undefined when they are gone, or are not what they were. Never rejects. */
export type ReadPicture = (picture: MessageFile) => Promise<Uint8Array | undefined>;

export interface ModelRequest {
  /** The provider's own name of the model. */
  readonly model: string;
  readonly system: string;
  readonly messages: readonly ModelMessage[];
  /** There when messages have pictures: these are read when the request is written, and held no longer. */
  readonly readPicture?: ReadPicture;
  readonly tools: readonly ToolSpec[];
  readonly maxTokens: number;
  /** Stable per session, so that the provider can reuse what it cached for it. */
  readonly sessionId: string;
}

/** `toolUse` whenever there were tool calls, also when the answer was cut off in one of them: its `argsProblem` says so. */
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
  /** At most 500 characters. */
  readonly message: string;
}

export type ModelPart =
  | { readonly type: "text"; readonly delta: string }
  | { readonly type: "thinking"; readonly delta: string }
  /**
   * Complete: its arguments are a JSON object, or `argsProblem` says why they are not and `args` is empty. Its id is no
   * other call's of the conversation.
   */
  | ({ readonly type: "toolCall"; readonly argsProblem?: string } & ToolCall);

export interface ModelDone {
  readonly type: "done";
  readonly stop: ModelStop;
  readonly usage: Usage;
}

export type ModelEvent = ModelPart | ModelDone | { readonly type: "failed"; readonly problem: ModelProblem };

export interface Provider {
  /**
   * Yields parts, then exactly one `done` or `failed`. Never throws: a failing model is an event, so the loop above has one
   * way to end. When the signal aborts it ends without a last event. Transient failures before the first part are tried
   * again within a bound; after it, never, because the parts were already seen.
   */
  stream(request: ModelRequest, signal: AbortSignal): AsyncIterable<ModelEvent>;
}

/** What a provider is opened with: its part of the settings, and the name it has there. */
export type OpenSettings = Omit<ProviderSettings, "api"> & { readonly id: string };

export interface Surroundings {
  readonly log: Log;
  readonly clock: Clock;
  readonly pause: typeof pause;
}

/** One API that models are reached by. */
export interface ProviderKind {
  readonly api: string;
  readonly label: string;
  /** Loads what the API needs. Throws `configInvalid` for settings that could never work. */
  open(settings: OpenSettings, surroundings: Surroundings): Promise<Provider>;
}

export function defineProvider<Kind extends ProviderKind>(kind: Kind): Kind {
  return kind;
}
