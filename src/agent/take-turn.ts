import { failPoint } from "#base";
import {
  type ConversationMessage,
  type Delta,
  type EventOf,
  noUsage,
  type SessionEvent,
  type ToolCall,
  type TurnProblem,
  type Usage,
} from "#protocol";
import type { ModelEvent, ModelInput, ModelRequest, ModelStop, Provider, ReadPicture, ToolSpec } from "#providers";
import type { ToolEffect } from "#tools";
import { modelRequest } from "./model-request.ts";

/** The model that answers, and how much it reads and writes at once (in tokens). */
export interface TurnModel {
  readonly provider: Provider;
  readonly providerId: string;
  readonly id: string;
  readonly contextWindow: number;
  readonly maxTokens: number;
  /** Text alone when nobody says. */
  readonly input?: readonly ModelInput[];
}

/** The tools of one turn. Running one never throws: a failing tool is a result. */
export interface TurnTools {
  readonly specs: readonly ToolSpec[];
  /** `once` where nobody knows better. */
  effectOf(name: string): ToolEffect;
  /** For the turn of this id. */
  run(
    call: RequestedCall,
    signal: AbortSignal,
    runId: string,
  ): Promise<{ text: string; failed?: boolean; durationMs: number }>;
}

/** A call as the model asked for it; `argsProblem` says why its arguments are not JSON. */
export type RequestedCall = ToolCall & { readonly argsProblem?: string };

export interface TurnInput {
  readonly runId: string;
  readonly sessionId: string;
  readonly model: TurnModel;
  readonly tools: TurnTools;
  readonly system: string;
  /** Ends with what is to be answered. */
  readonly conversation: readonly ConversationMessage[];
  /** How many times the model may be asked. */
  readonly maxSteps: number;
  readonly readPicture?: ReadPicture;
}

export type TurnEvent =
  /** Shown as it streams by. */
  | { readonly type: "delta"; readonly delta: Delta }
  /** Must be on disk, all of it, before the turn goes on. */
  | { readonly type: "record"; readonly events: readonly SessionEvent[] };

/** What one call of the model said. */
interface Reply {
  text: string;
  thinking: string;
  readonly calls: RequestedCall[];
  stop?: ModelStop;
  usage: Usage;
  problem?: TurnProblem;
  withoutPictures?: true;
}

/**
 * One turn, as the events it causes; the last recorded one is an `AgentResponse` that is no tool use. The caller records
 * each event before it asks for the next, so nothing happens that the log has not seen: a tool starts only after its
 * `ToolCalled` is on disk. Never throws for a failing model or tool, nor when the signal aborts: those are endings too.
 */
export async function* takeTurn(input: TurnInput, signal: AbortSignal): AsyncGenerator<TurnEvent, void> {
  const conversation = [...input.conversation];
  let withoutPictures = false;
  for (let step = 0; step < input.maxSteps; step++) {
    failPoint("agent.model.begin");
    const reply: Reply = yield* askModel(withoutPictures ? blind(input) : input, conversation, signal);
    if (withoutPictures) reply.withoutPictures = true;
    withoutPictures ||= reply.withoutPictures ?? false;
    failPoint("agent.model.answered");
    const ending = endingOf(reply, signal);
    if (ending) return yield record(response(input, reply, ending));

    const calls = reply.calls.map(({ id, name, args }) => ({ id, name, args }));
    yield record(
      response(input, reply, { stopReason: "toolUse" }),
      ...calls.map(({ id, name, args }): SessionEvent => ({
        kind: "ToolCalled",
        runId: input.runId,
        callId: id,
        tool: name,
        params: args,
      })),
    );
    conversation.push({ role: "assistant", text: reply.text, toolCalls: calls });
    failPoint("agent.tools.intended");
    for await (const finished of runCalls(input, reply.calls, signal)) {
      failPoint("agent.tool.finished");
      yield record(...finished.map(({ call, result }) => toolResult(input.runId, call, result)));
      conversation.push(...finished.map(asMessage));
    }
  }
  const problem = { kind: "stepLimit", message: `There was no answer after ${input.maxSteps} steps.` };
  yield record(response(input, emptyReply(), { stopReason: "error", problem }));
}

async function* askModel(
  input: TurnInput,
  conversation: readonly ConversationMessage[],
  signal: AbortSignal,
): AsyncGenerator<TurnEvent, Reply> {
  const request = modelRequest(input, conversation);
  const reply = yield* askOnce(input, request, signal);
  if (!request.readPicture || !isRefused(reply) || signal.aborted) return reply;
  const second = yield* askOnce(input, modelRequest(blind(input), conversation), signal);
  second.withoutPictures = true;
  return second;
}

/** A picture that the model cannot read would else be refused again with every later message of its session. */
function isRefused({ problem, text, thinking, calls }: Reply): boolean {
  const isSilent = text === "" && thinking === "" && calls.length === 0;
  return isSilent && (problem?.kind === "badRequest" || problem?.kind === "contextLength");
}

/** The same for a model that takes text alone. */
function blind(input: TurnInput): TurnInput {
  return { ...input, model: { ...input.model, input: ["text"] } };
}

async function* askOnce(
  { model, runId }: TurnInput,
  request: ModelRequest,
  signal: AbortSignal,
): AsyncGenerator<TurnEvent, Reply> {
  const reply = emptyReply();
  for await (const event of model.provider.stream(request, signal)) {
    const delta = take(reply, event, runId);
    if (delta) yield { type: "delta", delta };
    if (signal.aborted) break;
  }
  return reply;
}

/** Adds one event of the model to the reply; what a person may watch comes back as a delta. */
function take(reply: Reply, event: ModelEvent, runId: string): Delta | undefined {
  switch (event.type) {
    case "text":
      reply.text += event.delta;
      return { kind: "TextDelta", runId, text: event.delta };
    case "thinking":
      reply.thinking += event.delta;
      return { kind: "ThinkingDelta", runId, text: event.delta };
    case "toolCall":
      reply.calls.push(event);
      return undefined;
    case "done":
      reply.stop = event.stop;
      reply.usage = event.usage;
      return undefined;
    case "failed":
      reply.problem = event.problem;
      return undefined;
  }
}

/** How the turn ends with this reply; undefined when the model wants tools and may have them. */
function endingOf(
  reply: Reply,
  signal: AbortSignal,
): Pick<EventOf<"AgentResponse">, "stopReason" | "problem"> | undefined {
  if (signal.aborted) return { stopReason: "aborted" };
  if (reply.problem) return { stopReason: "error", problem: reply.problem };
  if (reply.calls.length > 0) return undefined;
  if (reply.stop === "length") return { stopReason: "length" };
  if (reply.text !== "") return { stopReason: "stop" };
  return { stopReason: "error", problem: { kind: "badResponse", message: "The model ended without an answer." } };
}

interface FinishedCall {
  readonly call: RequestedCall;
  readonly result: Awaited<ReturnType<TurnTools["run"]>>;
}

/**
 * Runs what the model asked for at once: neighbours that change nothing run beside each other, the others one at a time
 * and in order, because a second edit may build on the first. After an abort the rest is answered without being run.
 */
async function* runCalls(
  input: Pick<TurnInput, "runId" | "tools">,
  calls: readonly RequestedCall[],
  signal: AbortSignal,
): AsyncGenerator<readonly FinishedCall[]> {
  for (const batch of batches(input.tools, calls)) {
    yield await Promise.all(batch.map(async (call) => ({ call, result: await runCall(input, call, signal) })));
  }
}

function batches(tools: TurnTools, calls: readonly RequestedCall[]): RequestedCall[][] {
  const all: RequestedCall[][] = [];
  let isOpen = false; // may a call that changes nothing join the last batch?
  for (const call of calls) {
    const isReadOnly = tools.effectOf(call.name) === "none";
    if (isReadOnly && isOpen) all.at(-1)?.push(call);
    else all.push([call]);
    isOpen = isReadOnly;
  }
  return all;
}

async function runCall(
  { runId, tools }: Pick<TurnInput, "runId" | "tools">,
  call: RequestedCall,
  signal: AbortSignal,
): Promise<FinishedCall["result"]> {
  if (signal.aborted) return { text: "Not run: the turn was aborted before.", failed: true, durationMs: 0 };
  failPoint("agent.tool.begin");
  return tools.run(call, signal, runId);
}

function asMessage({ call, result }: FinishedCall): ConversationMessage {
  return { role: "tool", callId: call.id, name: call.name, text: result.text, failed: result.failed ?? false };
}

function toolResult(runId: string, call: RequestedCall, result: FinishedCall["result"]): SessionEvent {
  return {
    kind: "ToolResult",
    runId,
    callId: call.id,
    tool: call.name,
    success: !result.failed,
    result: result.text,
    durationMs: Math.round(result.durationMs),
  };
}

function response(
  input: Pick<TurnInput, "runId" | "model">,
  reply: Reply,
  ending: Pick<EventOf<"AgentResponse">, "stopReason" | "problem">,
): SessionEvent {
  return {
    kind: "AgentResponse",
    runId: input.runId,
    text: reply.text,
    ...(reply.thinking && { thinking: reply.thinking }),
    toolCalls: ending.stopReason === "toolUse" ? reply.calls.map(({ id, name, args }) => ({ id, name, args })) : [],
    ...ending,
    ...(reply.withoutPictures && { withoutPictures: true }),
    provider: input.model.providerId,
    model: input.model.id,
    usage: reply.usage,
  };
}

function record(...events: SessionEvent[]): TurnEvent {
  return { type: "record", events };
}

function emptyReply(): Reply {
  return { text: "", thinking: "", calls: [], usage: noUsage };
}
