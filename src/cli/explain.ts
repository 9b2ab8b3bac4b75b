import { describeError, isSystemError, systemReason } from "#base";
import { Fault } from "#protocol";
import { CommandFailed } from "./failure.ts";

export interface Explanation {
  readonly type: string;
  readonly message: string;
  readonly advice?: string;
  readonly exitCode: number;
  /** For a bug alone. */
  readonly stack?: string;
}

/** What no program can help, wherever it meets it. */
const machineTroubles: ReadonlySet<string> = new Set([
  "EACCES",
  "EDQUOT",
  "EIO",
  "EISDIR",
  "EMFILE",
  "ENOSPC",
  "EPERM",
  "EROFS",
]);

/** Any error as what a person, or a program, is told of it. */
export function explain(error: unknown): Explanation {
  if (error instanceof CommandFailed) {
    const { type, message, advice, exitCode } = error;
    return { type, message, exitCode, ...(advice === undefined ? {} : { advice }) };
  }
  if (error instanceof Fault) return { type: error.code, message: error.message, exitCode: 1 };
  if (isSystemError(error) && machineTroubles.has(error.code)) {
    const what =
      "path" in error && typeof error.path === "string" ? `${error.path} cannot be used` : "This stopped half-way";
    return { type: "systemRefused", message: `${what}: ${systemReason(error)}.`, exitCode: 1 };
  }
  return {
    type: "internal",
    message: "This is a bug of openclaw; what happened stands above.",
    exitCode: 1,
    stack: describeError(error),
  };
}
