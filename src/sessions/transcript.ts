import type { EventOf, StoredEvent, TranscriptRow } from "#protocol";
import { saidBy } from "./window.ts";

type Content = TranscriptRow["content"];

/** The row that clients see of an event. Undefined for what is no row of its own. */
export function transcriptRow({ id, seq, at, event }: StoredEvent): TranscriptRow | undefined {
  const said = saidBy(event);
  if (!said) return undefined;
  const place = { id, seq, timestamp: at, ...(said.runId === undefined ? {} : { runId: said.runId }) };
  switch (said.kind) {
    case "MessageReceived": {
      const { text, sender, runId } = said;
      return { ...place, role: "user", content: textBlocks(text), sender, idempotencyKey: `${runId}:user` };
    }
    case "AgentResponse":
      return { ...place, role: "assistant", ...answerFields(said) };
    case "ToolResult": {
      const { callId, tool, result, success } = said;
      const call = { toolCallId: callId, toolName: tool, isError: !success };
      return { ...place, role: "toolResult", content: textBlocks(result), ...call };
    }
    case "MessageSent":
      return { ...place, role: "assistant", content: textBlocks(said.text) };
  }
}

function answerFields(answer: EventOf<"AgentResponse">): Omit<TranscriptRow, "role" | "id" | "seq" | "timestamp"> {
  const { text, thinking, toolCalls, stopReason, problem, provider, model, usage } = answer;
  const content: Content = [
    ...(thinking === undefined || thinking === "" ? [] : [{ type: "thinking" as const, thinking }]),
    ...(text === "" ? [] : textBlocks(text)),
    ...toolCalls.map(({ id, name, args }) => ({ type: "toolCall" as const, id, name, arguments: args })),
  ];
  return { content, provider, model, usage, stopReason, ...(problem ? { errorMessage: problem.message } : {}) };
}

function textBlocks(text: string): Content {
  return [{ type: "text", text }];
}
