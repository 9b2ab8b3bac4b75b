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
  /** Whose session it is. */
  readonly agentId: string;
  /** `provider/model`; the configured one when absent. */
  readonly model?: string;
}

export type PrepareTurn = (wishes: TurnWishes) => Promise<PreparedTurn>;

/** Brings the model, tools and prompt of one agent's turns together. Its model and its limits are read anew for each turn. */
export function createPrepareTurn(options: {
  readonly models: Models;
  readonly toolbox: Toolbox;
  readonly systemPrompt: () => Promise<string>;
  readonly agent: () => { readonly model?: string; readonly maxSteps: number; readonly timeoutSeconds: number };
}): PrepareTurn {
  const { models, toolbox } = options;
  const tools: TurnTools = {
    specs: toolbox.specs(),
    effectOf: (name) => toolbox.find(name)?.effect ?? "once",
    run: (call, signal, runId) => toolbox.run(call, signal, runId),
  };
  return async (wishes) => {
    const { model: own, maxSteps, timeoutSeconds } = options.agent();
    const resolved = await models.resolve(wishes.model ?? own);
    if (!resolved.found) return { ready: false, problem: { kind: "modelNotFound", message: resolved.because } };
    const { provider, providerId, model } = resolved;
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
