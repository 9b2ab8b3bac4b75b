import { withoutAdvice } from "./saying.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";

/** What a line may carry beside its message. Secrets print as `[secret]`; errors print with stack and causes. */
export type LogFields = Readonly<Record<string, unknown>>;

export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** The same log with these fields on every line. */
  with(fields: LogFields): Log;
}

const order: readonly LogLevel[] = ["debug", "info", "warn", "error"];
const longestField = 4_000;

/** A log that writes one JSON object a line through `write`. Nothing longer than 4,000 characters gets in from outside. */
export function createLog(options: {
  readonly level: LogLevel;
  readonly write: (line: string) => void;
  readonly fields?: LogFields;
}): Log {
  const least = order.indexOf(options.level);
  const at = (level: LogLevel) => (message: string, fields?: LogFields) => {
    if (order.indexOf(level) < least) return;
    options.write(
      JSON.stringify({ time: new Date().toISOString(), level, message, ...options.fields, ...fields }, printable),
    );
  };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    with: (fields) => createLog({ ...options, fields: { ...options.fields, ...fields } }),
  };
}

export const silentLog: Log = createLog({ level: "error", write: () => {} });

function printable(_key: string, value: unknown): unknown {
  if (value instanceof Error) return describeError(value);
  if (typeof value === "string" && value.length > longestField) return `${value.slice(0, longestField)}…`;
  if (typeof value === "bigint") return String(value);
  return value;
}

/** An error as one text: its stack, then the stacks of what caused it, six levels at most. */
export function describeError(error: unknown): string {
  const parts: string[] = [];
  for (let now = error, depth = 0; now !== undefined && depth < 6; depth++) {
    parts.push(now instanceof Error ? (now.stack ?? String(now)) : Bun.inspect(now));
    now = now instanceof Error ? now.cause : undefined;
  }
  return withoutAdvice(parts.join("\ncaused by: "));
}
