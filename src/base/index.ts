/** Tools that never heard of agents. */
export { type Backoff, backoffMs } from "./backoff.ts";
export { type Clock, pause, systemClock } from "./clock.ts";
export { type Deadline, deadline } from "./deadline.ts";
export { newId, newToken } from "./ids.ts";
export { lazily } from "./lazily.ts";
export { createLog, describeError, type Log, type LogFields, type LogLevel, silentLog } from "./log.ts";
export { type LogFile, openLogFile } from "./log-file.ts";
export { Lru } from "./lru.ts";
export { nextTurn } from "./next-turn.ts";
export { parseJson } from "./parse-json.ts";
export { checkPassword, hashPassword, isPasswordHash, longestPassword, type PasswordCheck } from "./password.ts";
export { sayingOf } from "./saying.ts";
export { Secret } from "./secret.ts";
export { armFailPoint, failPoint } from "./fail-point.ts";
export { isSystemError, systemReason } from "./system-error.ts";
export { type LogTail, tailLog, type TailRequest } from "./tail-log.ts";
export { clip, countOf, nearest, ordinal } from "./text.ts";
