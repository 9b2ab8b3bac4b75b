import { type EventOf, noUsage, type SessionEvent, type StoredEvent, type Usage } from "#protocol";
import { isTable } from "./is-table.ts";
import { eventType, fileVersion, mirror, opaqueKey } from "./entry.ts";

type Fields = Readonly<Record<string, unknown>>;

/** The first line of the file of a session whose first event this is. */
export function writeHeader({ sessionId: id, at, event }: StoredEvent): string {
  const key = event.kind === "SessionStarted" ? { openclaw: { key: event.key } } : {};
  return JSON.stringify({ type: "session", version: fileVersion, id, timestamp: timestamp(at), cwd: "", ...key });
}

/** One line: all that the event says, in the form's own words as far as it has any. */
export function writeEntry({ id, at, parentId, event }: StoredEvent): string {
  const { type, openclaw, ...rest } = fieldsOf(event, at);
  const own = openclaw === undefined ? {} : { openclaw };
  return JSON.stringify({ type, id, parentId: parentId ?? null, timestamp: timestamp(at), ...rest, ...own });
}

function timestamp(at: number): string {
  return new Date(at).toISOString();
}

function fieldsOf(event: SessionEvent, at: number): Fields & { readonly openclaw?: Fields } {
  switch (event.kind) {
    case "MessageReceived": {
      const { text, ...openclaw } = event;
      return { type: "message", message: { role: "user", content: [textBlock(text)], timestamp: at }, openclaw };
    }
    case "AgentResponse":
      return answerFields(event, at);
    case "ToolResult": {
      const { callId: toolCallId, tool: toolName, success, result, ...openclaw } = event;
      const content = [textBlock(result)];
      const message = { role: "toolResult", toolCallId, toolName, content, isError: !success, timestamp: at };
      return { type: "message", message, openclaw };
    }
    case "MessageSent":
      return event.runId === undefined ? sentFields(event, at) : custom(event);
    case "StateChanged":
      return stateFields(event);
    case "SessionStarted":
    case "ToolCalled":
    case "SessionEnded":
      return custom(event);
  }
}

function answerFields(event: EventOf<"AgentResponse">, at: number): Fields & { readonly openclaw: Fields } {
  const { text, thinking, toolCalls, stopReason, provider, model, usage, ...openclaw } = event;
  const content = [
    ...(thinking === undefined ? [] : [{ type: "thinking", thinking }]),
    ...(text === "" ? [] : [textBlock(text)]),
    ...toolCalls.map(({ id, name, args }) => ({ type: "toolCall", id, name, arguments: args })),
  ];
  const problem = openclaw.problem ? { errorMessage: openclaw.problem.message } : {};
  const about = { api: provider, provider, model, usage: usageOf(usage), stopReason };
  const message = { role: "assistant", content, ...about, timestamp: at, ...problem };
  return { type: "message", message, openclaw };
}

function sentFields(event: EventOf<"MessageSent">, at: number): Fields & { readonly openclaw: Fields } {
  const { text, ...openclaw } = event;
  const about = { ...mirror, usage: usageOf(noUsage), stopReason: "stop" };
  return {
    type: "message",
    message: { role: "assistant", content: [textBlock(text)], ...about, timestamp: at },
    openclaw,
  };
}

function stateFields(event: EventOf<"StateChanged">): Fields & { readonly openclaw?: Fields } {
  const { key, value } = event;
  const openclaw = { kind: event.kind };
  if (key === opaqueKey && isTable(value) && typeof value["type"] === "string") return { ...value, openclaw };
  if (typeof value !== "string") return custom(event);
  const [, provider, modelId] = /^([^/]+)\/(.+)$/s.exec(value) ?? [];
  if (key === "model" && provider !== undefined) return { type: "model_change", provider, modelId, openclaw };
  if (key === "thinking") return { type: "thinking_level_change", thinkingLevel: value, openclaw };
  if (key === "label") return { type: "session_info", name: value, openclaw };
  return custom(event);
}

function custom(event: SessionEvent): Fields {
  return { type: "custom", customType: eventType, data: event };
}

function usageOf(usage: Usage): Fields {
  const totalTokens = usage.input + usage.output + usage.cacheRead + usage.cacheWrite;
  const cost = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, total: 0 };
  return { ...usage, totalTokens, cost };
}

function textBlock(text: string): Fields {
  return { type: "text", text };
}
