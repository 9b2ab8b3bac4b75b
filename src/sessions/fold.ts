import { clip } from "#base";
import { addUsage, type SessionEvent, type StoredEvent } from "#protocol";
import { emptySummary, type SessionSummary, withSetting } from "./summary.ts";
import { addToWindow, emptyWindow, type Window } from "./window.ts";

/** What a session's log comes to. */
export interface Fold {
  /** Of the last event in it. */
  readonly seq: number;
  readonly summary: SessionSummary;
  readonly window: Window;
}

export const emptyFold: Fold = { seq: 0, summary: emptySummary, window: emptyWindow };

export function applyEvent(fold: Fold, stored: StoredEvent): Fold {
  const { seq, event } = stored;
  return { seq, summary: summarise(fold.summary, event), window: addToWindow(fold.window, stored) };
}

const previewCharacters = 120;

export function summarise(summary: SessionSummary, event: SessionEvent): SessionSummary {
  switch (event.kind) {
    case "MessageReceived":
      return withRow(summary, event.text);
    case "AgentResponse":
      return withRow({ ...summary, usage: addUsage(summary.usage, event.usage) }, event.text);
    case "ToolResult":
      return withRow(summary, "");
    case "MessageSent":
      return event.runId === undefined ? withRow(summary, event.text) : summary;
    case "StateChanged":
      return { ...summary, settings: withSetting(summary.settings, event.key, event.value) };
    case "SessionStarted":
    case "ToolCalled":
    case "SessionEnded":
      return summary;
  }
}

function withRow(summary: SessionSummary, text: string): SessionSummary {
  const said = text.trim();
  return {
    ...summary,
    messageCount: summary.messageCount + 1,
    ...(said === "" ? {} : { preview: clip(said, previewCharacters) }),
  };
}
