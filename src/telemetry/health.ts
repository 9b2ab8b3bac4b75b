import { type Clock, sayingOf, systemClock } from "#base";

export type ComponentState = "healthy" | "degraded" | "unhealthy";

export interface ComponentHealth {
  readonly state: ComponentState;
  /** For a person, when it is not healthy. */
  readonly because?: string;
}

export interface HealthReport {
  /** `degraded` when any component is; `unhealthy` when the gateway or the storage is. */
  readonly status: ComponentState;
  /** False only for `unhealthy`. */
  readonly ok: boolean;
  readonly components: Readonly<Record<string, ComponentState>>;
  readonly reasons: Readonly<Record<string, string>>;
}

/** Asks each component how it is; an answer that takes over a second, or throws, counts as unhealthy. */
export interface Health {
  report(): Promise<HealthReport>;
}

export type HealthCheck = () => Promise<ComponentHealth>;

/**
 * Whoever may reach the port may ask for the report, so asking often costs nothing: a report is good for a quarter of a
 * second, one at a time is made, and a component that has not answered yet is not asked again.
 */
export function createHealth(
  components: Readonly<Record<string, HealthCheck>>,
  clock: Clock = systemClock,
  patienceMs = 1_000,
): Health {
  const questions = Object.entries(components).map(([name, check]) => ({ name, ask: askOnce(check, patienceMs) }));
  const makeReport = async (): Promise<HealthReport> => {
    const answers = await Promise.all(questions.map(async ({ name, ask }) => ({ name, ...(await ask()) })));
    return summarize(answers);
  };
  const last: { report?: HealthReport; madeAt: number; making?: Promise<HealthReport> } = { madeAt: 0 };

  return {
    report() {
      if (last.report && clock.elapsed() - last.madeAt < freshMs) return Promise.resolve(last.report);
      last.making ??= makeReport()
        .then((report) => {
          last.report = report;
          last.madeAt = clock.elapsed();
          return report;
        })
        .finally(() => delete last.making);
      return last.making;
    },
  };
}

const freshMs = 250;

/** Without these nothing works; without another one, only that one does not. */
const vital: ReadonlySet<string> = new Set(["gateway", "storage"]);

type Answer = ComponentHealth & { readonly name: string };

function summarize(answers: readonly Answer[]): HealthReport {
  const isDown = answers.some(({ name, state }) => state === "unhealthy" && vital.has(name));
  const isImpaired = answers.some(({ state }) => state !== "healthy");
  return {
    status: isDown ? "unhealthy" : isImpaired ? "degraded" : "healthy",
    ok: !isDown,
    components: Object.fromEntries(answers.map(({ name, state }) => [name, state])),
    reasons: Object.fromEntries(
      answers.flatMap(({ name, because }) => (because === undefined ? [] : [[name, because]])),
    ),
  };
}

/** One question at a time, and an answer within `patienceMs` whatever the component does. */
function askOnce(check: HealthCheck, patienceMs: number): HealthCheck {
  const open: { question?: Promise<ComponentHealth> } = {};
  return () => {
    open.question ??= settled(check).finally(() => delete open.question);
    return within(patienceMs, open.question);
  };
}

async function settled(check: HealthCheck): Promise<ComponentHealth> {
  try {
    return await check();
  } catch (error) {
    return { state: "unhealthy", because: sayingOf(error, String(error)) };
  }
}

function within(patienceMs: number, question: Promise<ComponentHealth>): Promise<ComponentHealth> {
  return new Promise((resolve) => {
    const timer = setTimeout(
      () => resolve({ state: "unhealthy", because: `no answer within ${patienceMs} ms` }),
      patienceMs,
    );
    void question.then(resolve).finally(() => clearTimeout(timer));
  });
}
