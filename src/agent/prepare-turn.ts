import type { TurnProblem } from "#protocol";
import type { Models } from "#providers";
import type { Toolbox } from "#tools";
import type { TurnModel, TurnTools } from "./take-turn.ts";

/** What a turn works with, or why there can be none. */
export type PreparedTurn =
  | {
      readonly ready: true;
      readonly model: TurnModel;
      readonly tools: TurnTools;
      readonly system: string;
      readonly maxSteps: number;
      readonly timeoutMs: number;
    }
  | { readonly ready: false; readonly problem: TurnProblem };

/** What a session says of its turns, beside their conversation. */
export interface TurnWishes {
  /** `provider/model`; the configured one when absent. */
  readonly model?: string;
}

export type PrepareTurn = (wishes: TurnWishes) => Promise<PreparedTurn>;

/** Brings a turn's model, tools and prompt together. The limits are read anew for each turn. */
export function createPrepareTurn(options: {
  readonly models: Models;
  readonly toolbox: Toolbox;
  readonly systemPrompt: () => Promise<string>;
  readonly limits: () => { readonly maxSteps: number; readonly timeoutSeconds: number };
}): PrepareTurn {
  const { models, toolbox } = options;
  const tools: TurnTools = {
    specs: toolbox.specs(),
    effectOf: (name) => toolbox.find(name)?.effect ?? "once",
    run: (call, signal, runId) => toolbox.run(call, signal, runId),
  };
  return async (wishes) => {
    const resolved = await models.resolve(wishes.model);
    if (!resolved.found) return { ready: false, problem: { kind: "modelNotFound", message: resolved.because } };
    const { provider, providerId, model } = resolved;
    const { maxSteps, timeoutSeconds } = options.limits();
    return {
      ready: true,
      model: { ...model, provider, providerId },
      tools,
      system: await options.systemPrompt(),
      maxSteps,
      timeoutMs: timeoutSeconds * 1_000,
    };
  };
}
