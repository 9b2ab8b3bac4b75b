import { nextTurn } from "#base";
import { type ConversationMessage, type EventOf, fault, type StoredEvent } from "#protocol";
import type { SessionRow, Storage } from "#storage";
import { conversationUpTo } from "./conversation.ts";
import { summarise } from "./fold.ts";
import { readEvents } from "./history.ts";
import { loadWindow } from "./live-session.ts";
import { emptySummary, type SessionSummary } from "./summary.ts";

/** A session as it was when an event of its log had just been written. */
export interface Past {
  readonly sessionId: string;
  readonly headSeq: number;
  readonly event: StoredEvent;
  readonly summary: SessionSummary;
  /** The last answer of a model by then, and what that model had been asked; absent when its log does not say. */
  readonly asked?: Asked;
}

export interface Asked {
  readonly answer: StoredEvent & { readonly event: EventOf<"AgentResponse"> };
  /** The blob of the prompt. */
  readonly prompt: string;
  /** Before it was cut to what the model reads at once. */
  readonly conversation: readonly ConversationMessage[];
}

type Answer = Asked["answer"];

const pageEvents = 100;

/** Rejects with `invalidParams` when the log does not reach that seq. */
export async function pastOf(storage: Storage, row: SessionRow, seq: number): Promise<Past> {
  let summary = emptySummary;
  let event: StoredEvent | undefined;
  for await (const stored of readEvents(storage, row.id, Math.min(seq, row.headSeq))) {
    summary = summarise(summary, stored.event);
    event = stored;
  }
  if (event?.seq !== seq)
    throw fault.invalidParams({ path: "seq", problem: `the log reaches from 1 to ${row.headSeq}` });
  const asked = await askedBy(storage, row.id, seq);
  return { sessionId: row.id, headSeq: row.headSeq, event, summary, ...(asked && { asked }) };
}

/** Reads back to the last answer, and on to the one of its turn that says what the model was given. */
async function askedBy(storage: Storage, sessionId: string, seq: number): Promise<Asked | undefined> {
  let answer: Answer | undefined;
  const steps: StoredEvent[] = [];
  for await (const stored of readBackwards(storage, sessionId, seq)) {
    if (isAnswer(stored)) answer ??= stored;
    if (!answer) continue;
    steps.unshift(stored);
    const { runId } = answer.event;
    if (stored.event.kind === "MessageReceived" && stored.event.runId === runId) return undefined;
    if (!isAnswer(stored) || stored.event.runId !== runId || !stored.event.prompt) continue;
    const { hash, upTo } = stored.event.prompt;
    const window = await loadWindow(storage, { id: sessionId, headSeq: upTo });
    const before = conversationUpTo(
      window.entries.map((entry) => entry.event),
      runId,
    );
    return {
      answer,
      prompt: hash,
      conversation: [...before, ...steps.slice(0, -1).flatMap((step) => said(step, runId))],
    };
  }
  return undefined;
}

/** What a step of a turn adds to what its model reads next. */
function said({ event }: StoredEvent, runId: string): ConversationMessage[] {
  if (event.kind === "AgentResponse" && event.runId === runId)
    return [{ role: "assistant", text: event.text, toolCalls: event.toolCalls }];
  if (event.kind === "ToolResult" && event.runId === runId) {
    const { callId, tool: name, result: text, success } = event;
    return [{ role: "tool", callId, name, text, failed: !success }];
  }
  return [];
}

/** One that a model was asked for: not an ending that the gateway gave itself, nor the one after the last step. */
function isAnswer(stored: StoredEvent): stored is Answer {
  const { event } = stored;
  return event.kind === "AgentResponse" && event.askedAt !== undefined && event.problem?.kind !== "stepLimit";
}

async function* readBackwards(storage: Storage, sessionId: string, from: number): AsyncGenerator<StoredEvent> {
  for (let before = from + 1; before > 1;) {
    const page = await storage.events(sessionId, { before, limit: pageEvents, take: "last" });
    yield* page.toReversed();
    before = page[0]?.seq ?? 1;
    await nextTurn();
  }
}
