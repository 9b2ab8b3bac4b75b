/** What happened: append, fold, follow; and how sessions are named. */
export { createSessions } from "./create-sessions.ts";
export { agentOf, formatSessionKey, parseSessionKey, type ParsedSessionKey } from "./session-key.ts";
export type { Past } from "./past.ts";
export { checkProjection } from "./projection-check.ts";
export type { Damage } from "./quarantine.ts";
export type { Replay } from "./replay.ts";
export type { AppendOptions, SessionListing, SessionNotice, Sessions, SessionState } from "./sessions.ts";
export type { SettingsChange } from "./setting-events.ts";
export { sessionSettings } from "./settings.ts";
export { SessionSettings, SessionSummary } from "./summary.ts";
export { transcriptRow } from "./transcript.ts";
