import type { Piece } from "./connection.ts";
import { EventStreamDecoder } from "./event-stream.ts";
import { badResponse, type Failure } from "./failure.ts";
import type { ModelDone, ModelPart } from "./provider.ts";

/** What one try yields: parts, then one ending. */
export type Step = ModelPart | ModelDone | { readonly type: "failure"; readonly failure: Failure };

/** Reads one answer of one API. Never throws. */
export interface AnswerReader {
  /** What one server-sent event says. */
  read(data: string): readonly Step[];
  /** Nothing more comes: the ending of the answer as it stands, or why it is none. */
  end(): readonly Step[];
  /** All but the ending was said. */
  readonly isFinished: boolean;
}

const mostBytes = 64 * 1024 * 1024;
/** Text and thinking together, in UTF-16 units: a longer one is no answer, but a server that does not stop. */
const mostText = 4 * 1024 * 1024;

/** Makes steps out of the pieces that a connection brings, as many as one answer may have. */
export class Intake {
  readonly #answer: AnswerReader;
  readonly #events = new EventStreamDecoder();
  #bytesLeft = mostBytes;
  #textLeft = mostText;

  constructor(answer: AnswerReader) {
    this.#answer = answer;
  }

  /** What the piece says. An ending is the last step of it. */
  take(piece: Piece): readonly Step[] {
    const steps = upToEnding(this.#read(piece));
    for (const step of steps) {
      if (step.type === "text" || step.type === "thinking") this.#textLeft -= step.delta.length;
    }
    return this.#bytesLeft < 0 || this.#textLeft < 0 ? [failed(badResponse("the answer does not end"))] : steps;
  }

  get isFinished(): boolean {
    return this.#answer.isFinished;
  }

  #read(piece: Piece): readonly Step[] {
    switch (piece.type) {
      case "bytes": {
        this.#bytesLeft -= piece.bytes.length;
        const events = this.#events.decode(piece.bytes);
        if (events === "tooLong") return [failed(badResponse("an event of its stream is too long"))];
        return events.flatMap((data) => this.#answer.read(data));
      }
      case "end": {
        const rest = this.#events.end();
        const last = rest === undefined || isBrokenOff(rest) ? [] : this.#answer.read(rest);
        return [...last, ...this.#answer.end()];
      }
      case "failure":
        return this.isFinished ? this.#answer.end() : [piece];
    }
  }
}

export function failed(failure: Failure): Step {
  return { type: "failure", failure };
}

export function isEnding(step: Step | undefined): boolean {
  return step?.type === "done" || step?.type === "failure";
}

/** What a server says after its ending means nothing. */
function upToEnding(steps: readonly Step[]): readonly Step[] {
  const ending = steps.findIndex(isEnding);
  return ending === -1 ? steps : steps.slice(0, ending + 1);
}

/** Is this the beginning of an event whose rest never came? */
function isBrokenOff(data: string): boolean {
  if (data === "[DONE]") return false;
  try {
    JSON.parse(data);
    return false;
  } catch (error) {
    if (error instanceof SyntaxError) return true;
    throw error;
  }
}
