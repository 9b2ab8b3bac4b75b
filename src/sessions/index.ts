/** What happened: append, fold, follow; and how sessions are named. */
export type {
  AppendOptions,
  SessionListing,
  SessionNotice,
  Sessions,
  SessionSettings,
  SessionState,
  SessionSummary,
} from "./sessions.ts";
