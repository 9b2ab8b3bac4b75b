import { type ConversationMessage, type EventOf, ownAnswer } from "#protocol";
import type { Said } from "./window.ts";

type ToolMessage = Extract<ConversationMessage, { role: "tool" }>;

export const outcomeUnknown = "outcome unknown: the gateway stopped while this ran";

/**
 * The events as a model reads them. Turns can overlap in the log, because a message is recorded when it comes and not when
 * its turn does; here each turn stands together. A turn whose beginning has left the window comes first.
 */
export function conversationOf(events: readonly Said[]): readonly ConversationMessage[] {
  return turnsOf(events).flatMap(messagesOf);
}

/** Without the turns that began after that one. The whole when there is no such turn. */
export function conversationUpTo(events: readonly Said[], runId: string): readonly ConversationMessage[] {
  const turns = turnsOf(events);
  const last = turns.findIndex((turn) => turn.runId === runId);
  return (last < 0 ? turns : turns.slice(0, last + 1)).flatMap(messagesOf);
}

interface Turn {
  readonly runId: string | undefined;
  readonly events: Said[];
}

function turnsOf(events: readonly Said[]): readonly Turn[] {
  const byRun = new Map<string, Turn>();
  const headless: Turn[] = [];
  const begun: Turn[] = [];
  for (const event of events) {
    const turn = event.runId === undefined ? undefined : byRun.get(event.runId);
    if (turn) {
      turn.events.push(event);
      continue;
    }
    const opened: Turn = { runId: event.runId, events: [event] };
    if (event.runId !== undefined) byRun.set(event.runId, opened);
    const isHeadless = event.kind === "AgentResponse" || event.kind === "ToolResult";
    (isHeadless ? headless : begun).push(opened);
  }
  return [...headless, ...begun];
}

interface Told {
  readonly count: number;
  readonly last: Said | undefined;
  readonly messages: readonly ConversationMessage[];
}

/**
 * The messages of a turn, by its first event. A turn only ever grows, so the same end is the same turn: then its messages
 * are the same objects as before, by which others too remember what they made of them.
 */
const told = new WeakMap<Said, Told>();

function messagesOf({ events }: Turn): readonly ConversationMessage[] {
  const [first] = events;
  if (!first) return [];
  const [count, last] = [events.length, events.at(-1)];
  const known = told.get(first);
  if (known?.count === count && known.last === last) return known.messages;
  const messages = tell(events);
  told.set(first, { count, last, messages });
  return messages;
}

function tell(events: readonly Said[]): readonly ConversationMessage[] {
  if (events.some(isOwnAnswer)) return [];
  const messages: ConversationMessage[] = [];
  let calls: OpenCalls | undefined;
  const close = () => {
    if (calls) messages.push(...calls.close());
    calls = undefined;
  };
  for (const event of events) {
    if (event.kind === "ToolResult") {
      calls?.answer(event);
      continue;
    }
    if (event.kind === "MessageReceived" && calls?.isOpen) {
      calls.later.push(userMessage(event));
      continue;
    }
    close();
    messages.push(...messageOf(event));
    if (event.kind === "AgentResponse" && event.stopReason === "toolUse") calls = new OpenCalls(event);
  }
  close();
  return messages;
}

function isOwnAnswer(event: Said): boolean {
  return event.kind === "AgentResponse" && event.provider === ownAnswer.provider && event.model === ownAnswer.model;
}

/** Nothing for an answer without words, which model APIs refuse. Calls beside another stop reason were never made. */
function messageOf(event: Exclude<Said, EventOf<"ToolResult">>): ConversationMessage[] {
  if (event.kind === "MessageReceived") return [userMessage(event)];
  const toolCalls = event.kind === "AgentResponse" && event.stopReason === "toolUse" ? event.toolCalls : [];
  return event.text === "" && toolCalls.length === 0 ? [] : [{ role: "assistant", text: event.text, toolCalls }];
}

function userMessage({ text, files }: EventOf<"MessageReceived">): ConversationMessage {
  return { role: "user", text, ...(files && { files }) };
}

/** The calls of one answer and the results that came for them; whatever else came meanwhile waits behind the results. */
class OpenCalls {
  readonly later: ConversationMessage[] = [];
  readonly #calls: EventOf<"AgentResponse">["toolCalls"];
  readonly #results = new Map<string, ToolMessage>();

  constructor(answer: EventOf<"AgentResponse">) {
    this.#calls = answer.toolCalls;
  }

  get isOpen(): boolean {
    return this.#results.size < this.#calls.length;
  }

  answer({ callId, tool, result, success }: EventOf<"ToolResult">): void {
    if (this.#results.has(callId) || !this.#calls.some((call) => call.id === callId)) return;
    this.#results.set(callId, { role: "tool", callId, name: tool, text: result, failed: !success });
  }

  close(): ConversationMessage[] {
    const results = this.#calls.map(
      ({ id, name }): ToolMessage =>
        this.#results.get(id) ?? { role: "tool", callId: id, name, text: outcomeUnknown, failed: true },
    );
    return [...results, ...this.later];
  }
}
