import type { Clock } from "#base";
import { Connection, type Server } from "./connection.ts";
import { type Failure, problemOf } from "./failure.ts";
import { type AnswerReader, failed, Intake, isEnding, type Step } from "./intake.ts";
import type { ModelEvent, ModelRequest, Provider, Surroundings } from "./provider.ts";
import { waitBeforeRetry } from "./retry.ts";

/** A model API behind HTTP: how it is asked, and how its answers are read. */
export interface RemoteApi extends Server {
  readonly id: string;
  /** What must never be shown, whoever says it. */
  readonly secrets: readonly string[];
  reader(request: ModelRequest): AnswerReader;
}

/** The provider in front of such an API: it tries again, watches the time, and keeps what comes in within bounds. */
export function createRemoteProvider(api: RemoteApi, { log, clock, pause }: Surroundings): Provider {
  return {
    async *stream(request, signal) {
      const startedAt = clock.elapsed();
      for (let tries = 1; !signal.aborted; tries++) {
        const outcome = yield* parts(tryOnce({ api, request, signal, clock }), signal);
        if (signal.aborted || !outcome.failure) return;
        const problem = problemOf(outcome.failure, api.id, api.secrets);
        const elapsedMs = clock.elapsed() - startedAt;
        const waitMs = outcome.hasBegun ? undefined : waitBeforeRetry(outcome.failure, { tries, elapsedMs });
        if (waitMs === undefined) {
          yield { type: "failed", problem };
          return;
        }
        log.warn("A model did not answer and is asked again.", { problem, tries, waitMs });
        if (!(await waited(pause(waitMs, signal), signal))) return;
      }
    },
  };
}

interface Outcome {
  readonly failure?: Failure;
  readonly hasBegun: boolean;
}

/** Hands the parts of one try on, until the signal aborts, and returns how it ended. */
async function* parts(steps: AsyncIterable<readonly Step[]>, signal: AbortSignal): AsyncGenerator<ModelEvent, Outcome> {
  let hasBegun = false;
  for await (const some of steps) {
    for (const step of some) {
      if (signal.aborted) return { hasBegun };
      if (step.type === "failure") return { failure: step.failure, hasBegun };
      hasBegun = true;
      yield step;
    }
  }
  return { hasBegun };
}

interface Try {
  readonly api: RemoteApi;
  readonly request: ModelRequest;
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

/** The steps of one try as they come in, several at a time: an `await` for each would cost as much as all the rest. */
async function* tryOnce({ api, request, signal, clock }: Try): AsyncGenerator<readonly Step[]> {
  using connection = new Connection(api, signal, clock);
  const refused = await connection.open(request);
  if (refused) {
    yield [failed(refused)];
    return;
  }
  const intake = new Intake(api.reader(request));
  for (;;) {
    const steps = intake.take(await connection.read());
    const last = steps.at(-1);
    if (last?.type === "done") connection.complete();
    yield steps;
    if (isEnding(last)) return;
    if (intake.isFinished) connection.hurry();
  }
}

/** False when the signal ended the wait. */
async function waited(wait: Promise<void>, signal: AbortSignal): Promise<boolean> {
  try {
    await wait;
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}
