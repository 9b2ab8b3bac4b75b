import { silentLog } from "#base";
import { type Channel, channels, configuredAccounts } from "#channels";
import type { Config } from "#config";
import { checkBindings } from "#gateway";
import { checkListening } from "#http";
import { createModels } from "#providers";
import { readStorageUrl } from "#storage";
import { accountWarnings } from "./account-warnings.ts";
import { checkDoorKey } from "./door-key.ts";
import type { Settings } from "./settings.ts";

/** What settings mean together that are each well-formed by themselves, for the person who wrote them. */
export interface SettingsCheck {
  /** The gateway does not start with these. */
  readonly problems: readonly string[];
  /** It starts, but perhaps not with what was meant. */
  readonly warnings: readonly string[];
}

/** There is one agent until others can be configured. */
const agentIds = ["main"];

export function checkSettings(
  config: Pick<Config<Settings>, "settings" | "explain">,
  available: readonly Channel[] = channels,
): SettingsCheck {
  const { settings } = config;
  const listening = checkListening(settings.gateway);
  const key = checkDoorKey(config);
  const model = createModels({
    settings: () => settings.models,
    primary: () => settings.agents.defaults.model.primary,
    log: silentLog,
  }).trouble();
  return {
    problems: [
      key.problem,
      listening.ok ? undefined : `${listening.because}.`,
      storageProblem(settings),
      ...accountProblems(settings, available),
      ...checkBindings(settings.bindings, agentIds),
    ].filter(isText),
    warnings: [
      key.warning,
      listening.ok ? listening.warning : undefined,
      model,
      ...accountWarnings(available, settings.channels),
    ].filter(isText),
  };
}

function storageProblem({ storage }: Settings): string | undefined {
  const read = readStorageUrl(storage.url);
  return read.ok ? undefined : `storage.url: ${read.because}.`;
}

/** An account that is not enabled, or has no token, may wait half-finished. */
function accountProblems(settings: Settings, available: readonly Channel[]): (string | undefined)[] {
  const accounts = configuredAccounts(available, settings.channels);
  return accounts.map(({ isEnabled, lacksSecret, problem }) =>
    isEnabled && !lacksSecret && problem !== undefined ? `${problem}.` : undefined,
  );
}

function isText(text: string | undefined): text is string {
  return text !== undefined;
}
