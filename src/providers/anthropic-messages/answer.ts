import { noUsage, type Usage } from "#protocol";
import { type Static, type TSchema, Type } from "@sinclair/typebox";
import { TypeCompiler } from "@sinclair/typebox/compiler";
import { checkedJson } from "../checked-json.ts";
import { badResponse, brokenOff, failureInStream } from "../failure.ts";
import type { ModelRequest } from "../provider.ts";
import { type AnswerReader, failed, type Step } from "../intake.ts";
import { ToolCalls } from "../tool-calls.ts";

// Only what is read, of all events together: `type` says which fields are there.
const Maybe = <Schema extends TSchema>(schema: Schema) => Type.Optional(Type.Union([schema, Type.Null()]));
const Counts = Type.Object({
  input_tokens: Maybe(Type.Number()),
  output_tokens: Maybe(Type.Number()),
  cache_read_input_tokens: Maybe(Type.Number()),
  cache_creation_input_tokens: Maybe(Type.Number()),
});
const Event = Type.Object({
  type: Type.String(),
  index: Maybe(Type.Number()),
  message: Maybe(Type.Object({ usage: Maybe(Counts) })),
  content_block: Maybe(
    Type.Object({
      type: Type.String(),
      id: Maybe(Type.String()),
      name: Maybe(Type.String()),
      input: Type.Optional(Type.Unknown()),
      text: Maybe(Type.String()),
      thinking: Maybe(Type.String()),
    }),
  ),
  delta: Maybe(
    Type.Object({
      text: Maybe(Type.String()),
      thinking: Maybe(Type.String()),
      partial_json: Maybe(Type.String()),
      stop_reason: Maybe(Type.String()),
    }),
  ),
  usage: Maybe(Counts),
});
type Event = Static<typeof Event>;
const check = TypeCompiler.Compile(Event);

/** The stop reasons of an answer that would have gone on. */
const cuts: ReadonlySet<string> = new Set(["max_tokens", "model_context_window_exceeded"]);

/** Reads one streamed message. Tool calls come at its end: before it, nobody can know that they are whole. */
export class MessageReader implements AnswerReader {
  readonly #request: ModelRequest;
  readonly #calls = new ToolCalls();
  #stopReason: string | undefined;
  #usage: Usage = noUsage;

  constructor(request: ModelRequest) {
    this.#request = request;
  }

  get isFinished(): boolean {
    return this.#stopReason !== undefined;
  }

  read(data: string): readonly Step[] {
    const event = checkedJson(check, data);
    if (!event) return [failed(badResponse("it sent something that is no event of a message"))];
    if (event.type === "error") return [failed(failureInStream(data))];
    if (event.type === "message_stop") return this.#whole();
    const counts = event.usage ?? event.message?.usage;
    if (counts) this.#usage = counted(this.#usage, counts);
    if (event.delta?.stop_reason) this.#stopReason = event.delta.stop_reason;
    return addCall(this.#calls, event) ? partsOf(event) : [failed(badResponse("its tool calls are too long"))];
  }

  end(): readonly Step[] {
    return this.isFinished ? this.#whole() : [failed(brokenOff)];
  }

  #whole(): readonly Step[] {
    if (this.#stopReason === "refusal") {
      return [failed({ kind: "refusal", says: "the model refused to answer", isTransient: false })];
    }
    const isCut = cuts.has(this.#stopReason ?? "");
    const stop = this.#calls.size > 0 ? "toolUse" : isCut ? "length" : "stop";
    return [...this.#calls.finish(this.#request.messages, isCut), { type: "done", stop, usage: this.#usage }];
  }
}

function partsOf({ delta, content_block: block }: Event): readonly Step[] {
  const thinking = delta?.thinking || block?.thinking;
  const text = delta?.text || block?.text;
  return [
    ...(thinking ? [{ type: "thinking", delta: thinking } as const] : []),
    ...(text ? [{ type: "text", delta: text } as const] : []),
  ];
}

function addCall(calls: ToolCalls, { index, content_block: block, delta }: Event): boolean {
  const at = index ?? undefined;
  if (block?.type === "tool_use") {
    return calls.add({
      index: at,
      id: block.id ?? undefined,
      name: block.name ?? undefined,
      args: wholeInput(block.input),
    });
  }
  return delta?.partial_json ? calls.add({ index: at, args: delta.partial_json }) : true;
}

/** The arguments of servers that send a call at once; the API itself starts with an empty object and sends pieces. */
function wholeInput(input: unknown): string | undefined {
  const isEmpty = typeof input !== "object" || input === null || Object.keys(input).length === 0;
  return isEmpty ? undefined : JSON.stringify(input);
}

/** Each count is the last one that was said: they are totals, not additions. */
function counted(before: Usage, counts: Static<typeof Counts>): Usage {
  return {
    input: count(counts.input_tokens, before.input),
    output: count(counts.output_tokens, before.output),
    cacheRead: count(counts.cache_read_input_tokens, before.cacheRead),
    cacheWrite: count(counts.cache_creation_input_tokens, before.cacheWrite),
  };
}

function count(now: number | null | undefined, before: number): number {
  return Math.max(0, Math.round(now ?? before));
}
