/** A command that could not do what was asked: a word for programs, a sentence for people, and what to do about it. */
export class CommandFailed extends Error {
  override readonly name = "CommandFailed";
  readonly type: string;
  readonly advice: string | undefined;
  readonly exitCode: number;

  constructor(failure: {
    readonly type: string;
    readonly message: string;
    readonly advice?: string;
    readonly exitCode?: number;
    readonly cause?: unknown;
  }) {
    super(failure.message, failure.cause === undefined ? undefined : { cause: failure.cause });
    this.type = failure.type;
    this.advice = failure.advice;
    this.exitCode = failure.exitCode ?? 1;
  }
}

/** The command line itself is wrong. */
export function misuse(message: string, advice: string): CommandFailed {
  return new CommandFailed({ type: "usage", message, advice, exitCode: 2 });
}
