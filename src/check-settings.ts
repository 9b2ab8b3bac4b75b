import { silentLog } from "#base";
import { checkListening } from "#http";
import { createModels } from "#providers";
import { checkToken } from "#rpc";
import { readStorageUrl } from "#storage";
import type { Settings } from "./settings.ts";

/** What settings mean together that are each well-formed by themselves, for the person who wrote them. */
export interface SettingsCheck {
  /** The gateway does not start with these. */
  readonly problems: readonly string[];
  /** It starts, but perhaps not with what was meant. */
  readonly warnings: readonly string[];
}

export function checkSettings(settings: Settings): SettingsCheck {
  const listening = checkListening(settings.gateway);
  const token = checkConfiguredToken(settings);
  const model = createModels({
    settings: () => settings.models,
    primary: () => settings.agents.defaults.model.primary,
    log: silentLog,
  }).trouble();
  return {
    problems: [token.problem, listening.ok ? undefined : `${listening.because}.`, storageProblem(settings)].filter(
      isText,
    ),
    warnings: [token.warning, listening.ok ? listening.warning : undefined, model].filter(isText),
  };
}

function checkConfiguredToken({ gateway: { auth } }: Settings): {
  readonly problem?: string;
  readonly warning?: string | undefined;
} {
  if (auth.mode === "none" || auth.token === undefined) return {};
  const checked = checkToken(auth.token.reveal());
  return checked.ok
    ? { warning: checked.warning }
    : { problem: `gateway.auth.token cannot guard the gateway: ${checked.because}` };
}

function storageProblem({ storage }: Settings): string | undefined {
  const read = readStorageUrl(storage.url);
  return read.ok ? undefined : `storage.url: ${read.because}.`;
}

function isText(text: string | undefined): text is string {
  return text !== undefined;
}
