/** Reaches addresses that somebody else named: a message, a model, a redirect. */
export { createGuardedFetch, type Fetched, type FetchRequest, type GuardedFetch } from "./guarded-fetch.ts";
export type { Resolve } from "./find-way.ts";
export type { Refusal, RefusalKind } from "./refusal.ts";
