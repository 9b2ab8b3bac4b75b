import { SessionEvent } from "#protocol";
import type { Static } from "@sinclair/typebox";
import { Check } from "@sinclair/typebox/value";
import {
  AssistantMessage,
  type Entry,
  entryOf,
  eventType,
  opaqueKey,
  ToolResultMessage,
  UserMessage,
} from "./entry.ts";
import { answerOf, resultOf, textOf } from "./foreign-message.ts";
import { isTable } from "./is-table.ts";

/** What stands for an entry here. `kept` is one that means nothing to us; it comes back with an export. */
export interface ReadEntry {
  readonly event: SessionEvent;
  readonly isKept: boolean;
  /** Blocks that are no text, like images: they are named in the text, and left out. */
  readonly lostBlocks: number;
}

/** The turn that the entries of other programs belong to, which do not name one. */
export interface CurrentTurn {
  runId: string | undefined;
}

const UserEntry = entryOf(UserMessage);
const AssistantEntry = entryOf(AssistantMessage);
const ToolResultEntry = entryOf(ToolResultMessage);

/** Undefined when an entry of our own is damaged; one of another program always becomes something. */
export function readEntry(
  entry: Entry,
  place: { readonly id: string; readonly key: string },
  turn: CurrentTurn,
): ReadEntry | undefined {
  const own = ownEvent(entry);
  if (own === "damaged") return undefined;
  if (own) return { event: own, isKept: false, lostBlocks: 0 };
  if (Check(UserEntry, entry)) {
    const { text, lostBlocks } = textOf(entry.message.content);
    turn.runId = `imported-${place.id}`;
    const from = { channel: "webchat", chat: place.key };
    const message = { runId: turn.runId, messageId: place.id, from, sender: "imported", text };
    return { event: { kind: "MessageReceived", ...message }, isKept: false, lostBlocks };
  }
  const runId = turn.runId ?? `imported-${place.id}`;
  if (Check(AssistantEntry, entry)) return { ...answerOf(entry.message, runId), isKept: false };
  if (Check(ToolResultEntry, entry)) return { ...resultOf(entry.message, runId), isKept: false };
  return { event: keptEvent(entry), isKept: true, lostBlocks: 0 };
}

function keptEvent({
  id: _id,
  parentId: _parentId,
  timestamp: _timestamp,
  openclaw: _openclaw,
  ...value
}: Entry): SessionEvent {
  return { kind: "StateChanged", key: opaqueKey, value };
}

/** An event that we wrote. */
function ownEvent(entry: Entry): SessionEvent | "damaged" | undefined {
  if (entry.type === "custom" && entry["customType"] === eventType) return checked(entry["data"]);
  const own = entry["openclaw"];
  if (!isTable(own) || typeof own["kind"] !== "string") return undefined;
  const rebuild = rebuilders.get(own["kind"]);
  return rebuild ? checked(rebuild(entry, own)) : "damaged";
}

type Table = Readonly<Record<string, unknown>>;

/** What the form says and what stands beside it, together again, by the kind of the event. */
const rebuilders: ReadonlyMap<string, (entry: Entry, own: Table) => unknown> = new Map([
  ["MessageReceived", (entry, own) => Check(UserEntry, entry) && { ...own, text: textOf(entry.message.content).text }],
  ["MessageSent", (entry, own) => Check(AssistantEntry, entry) && { ...own, text: textOf(entry.message.content).text }],
  ["AgentResponse", (entry, own) => Check(AssistantEntry, entry) && ownAnswer(entry.message, own)],
  ["ToolResult", (entry, own) => Check(ToolResultEntry, entry) && { ...resultOf(entry.message, "").event, ...own }],
  ["StateChanged", (entry) => stateOf(entry)],
]);

/** The problem of an answer of ours stands beside it, with its kind. */
function ownAnswer(message: Static<typeof AssistantMessage>, own: Table): unknown {
  const { problem: _problem, ...answer } = answerOf(message, "").event;
  return { ...answer, ...own };
}

function stateOf(entry: Entry): SessionEvent {
  const { type, provider, modelId, thinkingLevel, name } = entry;
  if (type === "model_change")
    return { kind: "StateChanged", key: "model", value: `${String(provider)}/${String(modelId)}` };
  if (type === "thinking_level_change") return { kind: "StateChanged", key: "thinking", value: thinkingLevel };
  if (type === "session_info") return { kind: "StateChanged", key: "label", value: name };
  return keptEvent(entry);
}

function checked(event: unknown): SessionEvent | "damaged" {
  return Check(SessionEvent, event) ? event : "damaged";
}
