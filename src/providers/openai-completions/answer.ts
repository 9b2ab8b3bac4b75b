import { noUsage, type Usage } from "#protocol";
import { type Static, type TSchema, Type } from "@sinclair/typebox";
import { TypeCompiler } from "@sinclair/typebox/compiler";
import { Check } from "@sinclair/typebox/value";
import { checkedJson } from "../checked-json.ts";
import { badResponse, brokenOff, failureInStream } from "../failure.ts";
import type { ModelRequest } from "../provider.ts";
import { type AnswerReader, failed, type Step } from "../intake.ts";
import { ToolCalls } from "../tool-calls.ts";

// Only what is read, and as loosely as servers write it.
const Maybe = <Schema extends TSchema>(schema: Schema) => Type.Optional(Type.Union([schema, Type.Null()]));
const Delta = Type.Object({
  content: Type.Optional(Type.Unknown()),
  refusal: Maybe(Type.String()),
  reasoning_content: Maybe(Type.String()),
  reasoning: Type.Optional(Type.Unknown()),
  tool_calls: Maybe(
    Type.Array(
      Type.Object({
        index: Maybe(Type.Number()),
        id: Maybe(Type.String()),
        function: Maybe(Type.Object({ name: Maybe(Type.String()), arguments: Type.Optional(Type.Unknown()) })),
      }),
    ),
  ),
});
const TextBlock = Type.Object({ text: Type.String() });
type Delta = Static<typeof Delta>;
const Counts = Type.Object({
  prompt_tokens: Maybe(Type.Number()),
  completion_tokens: Maybe(Type.Number()),
  prompt_tokens_details: Maybe(Type.Object({ cached_tokens: Maybe(Type.Number()) })),
  prompt_cache_hit_tokens: Maybe(Type.Number()),
});
const check = TypeCompiler.Compile(
  Type.Object({
    choices: Maybe(Type.Array(Type.Object({ delta: Maybe(Delta), finish_reason: Maybe(Type.String()) }))),
    usage: Maybe(Counts),
    error: Type.Optional(Type.Unknown()),
  }),
);
/** Reads one streamed chat completion. Tool calls come at its end: before it, nobody can know that they are whole. */
export class CompletionReader implements AnswerReader {
  readonly #request: ModelRequest;
  readonly #calls = new ToolCalls();
  #hasParts = false;
  #finish: string | undefined;
  #usage: Usage = noUsage;

  constructor(request: ModelRequest) {
    this.#request = request;
  }

  get isFinished(): boolean {
    return this.#finish !== undefined;
  }

  read(data: string): readonly Step[] {
    if (data === "[DONE]") return this.#whole();
    const chunk = checkedJson(check, data);
    if (!chunk) return [failed(badResponse("it sent something that is no part of a chat completion"))];
    if (chunk.error) return [failed(failureInStream(data))];
    if (chunk.usage) this.#usage = usageOf(chunk.usage);
    const choice = chunk.choices?.[0];
    if (choice?.finish_reason) this.#finish = choice.finish_reason;
    return choice?.delta ? this.#add(choice.delta) : [];
  }

  end(): readonly Step[] {
    return this.isFinished ? this.#whole() : [failed(brokenOff)];
  }

  #add(delta: Delta): readonly Step[] {
    const parts = partsOf(delta);
    if (parts.length > 0) this.#hasParts = true;
    return addCalls(this.#calls, delta) ? parts : [failed(badResponse("its tool calls are too long"))];
  }

  #whole(): readonly Step[] {
    if (!this.isFinished && !this.#hasParts && this.#calls.size === 0)
      return [failed(badResponse("the answer was empty"))];
    if (this.#finish === "content_filter") {
      return [failed({ kind: "refusal", says: "the content was refused by its filter", isTransient: false })];
    }
    const isCut = this.#finish === "length";
    const stop = this.#calls.size > 0 ? "toolUse" : isCut ? "length" : "stop";
    return [...this.#calls.finish(this.#request.messages, isCut), { type: "done", stop, usage: this.#usage }];
  }
}

function partsOf(delta: Delta): readonly Step[] {
  const thinking = textOf(delta.reasoning_content) || textOf(delta.reasoning);
  const text = textOf(delta.content) || textOf(delta.refusal);
  return [
    ...(thinking === "" ? [] : [{ type: "thinking", delta: thinking } as const]),
    ...(text === "" ? [] : [{ type: "text", delta: text } as const]),
  ];
}

function addCalls(calls: ToolCalls, delta: Delta): boolean {
  return (delta.tool_calls ?? []).every((piece) =>
    calls.add({
      index: piece.index ?? undefined,
      id: piece.id ?? undefined,
      name: piece.function?.name ?? undefined,
      args: argsOf(piece.function?.arguments),
    }),
  );
}

/** A string, or a list of blocks that have a text (Mistral's reasoning models). */
function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.map((block: unknown) => (Check(TextBlock, block) ? block.text : "")).join("");
}

/** JSON text in pieces, or, by servers that send a call at once, the object itself. */
function argsOf(args: unknown): string | undefined {
  if (args === undefined || args === null) return undefined;
  return typeof args === "string" ? args : JSON.stringify(args);
}

function usageOf(counts: Static<typeof Counts>): Usage {
  const cacheRead = count(counts.prompt_tokens_details?.cached_tokens ?? counts.prompt_cache_hit_tokens);
  return {
    input: Math.max(0, count(counts.prompt_tokens) - cacheRead),
    output: count(counts.completion_tokens),
    cacheRead,
    cacheWrite: 0,
  };
}

function count(tokens: number | null | undefined): number {
  return Math.max(0, Math.round(tokens ?? 0));
}
