import type { Clock } from "#base";
import { Connection, type Server } from "./connection.ts";
import { type Failure, problemOf } from "./failure.ts";
import { type AnswerReader, Intake, type Step } from "./intake.ts";
import type { ModelRequest, Provider, Surroundings } from "./provider.ts";
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
        let hasBegun = false;
        let failure: Failure | undefined;
        for await (const step of tryOnce({ api, request, signal, clock })) {
          if (signal.aborted) return;
          if (step.type === "failure") {
            failure = step.failure;
            break;
          }
          yield step;
          hasBegun = true;
        }
        if (signal.aborted || !failure) return;
        const problem = problemOf(failure, api.id, api.secrets);
        const elapsedMs = clock.elapsed() - startedAt;
        const waitMs = hasBegun ? undefined : waitBeforeRetry(failure, { tries, elapsedMs });
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

interface Try {
  readonly api: RemoteApi;
  readonly request: ModelRequest;
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

async function* tryOnce({ api, request, signal, clock }: Try): AsyncGenerator<Step> {
  using connection = new Connection(api, signal, clock);
  const refused = await connection.open(request);
  if (refused) {
    yield { type: "failure", failure: refused };
    return;
  }
  const intake = new Intake(api.reader(request));
  for (;;) {
    for (const step of intake.take(await connection.read())) {
      if (step.type === "done") connection.complete();
      yield step;
      if (step.type === "done" || step.type === "failure") return;
    }
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
