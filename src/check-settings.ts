import { checkAgents, type Roster, rosterOf } from "#agent";
import { silentLog } from "#base";
import { type AccountPlace, type Channel, channels, configuredAccounts, settingPath, topicAgents } from "#channels";
import type { Config } from "#config";
import { checkBindings, checkBroadcast, checkMentions } from "#gateway";
import { checkListening } from "#http";
import { createModels } from "#providers";
import { readStorageUrl } from "#storage";
import { accountWarnings } from "./account-warnings.ts";
import { tools } from "#tools";
import { sharedFolders, type Surroundings } from "./agent-folders.ts";
import { checkDoorKey } from "./door-key.ts";
import type { Settings } from "./settings.ts";

/** What settings mean together that are each well-formed by themselves, for the person who wrote them. */
export interface SettingsCheck {
  /** The gateway does not start with these. */
  readonly problems: readonly string[];
  /** It starts, but perhaps not with what was meant. */
  readonly warnings: readonly string[];
}

export function checkSettings(
  config: Pick<Config<Settings>, "settings" | "explain">,
  surroundings: Surroundings,
  available: readonly Channel[] = channels,
): SettingsCheck {
  const { settings } = config;
  const listening = checkListening(settings.gateway);
  const key = checkDoorKey(config);
  const { agents } = rosterOf(settings.agents);
  const agentIds = agents.map(({ id }) => id);
  return {
    problems: [
      key.problem,
      listening.ok ? undefined : `${listening.because}.`,
      storageProblem(settings),
      ...accountProblems(settings, available),
      ...checkAgents(
        settings.agents,
        tools.map(({ name }) => name),
      ),
      ...sharedFolders(agents, surroundings),
      ...checkMentions(settings),
      ...checkBindings(settings.bindings, { agentIds, accountProblem: accountsOf(settings, available) }),
      ...topicProblems(settings, available, agentIds),
      ...checkBroadcast(settings.broadcast, agentIds),
    ].filter(isText),
    warnings: [
      key.warning,
      listening.ok ? listening.warning : undefined,
      ...modelTroubles(settings, agents),
      ...accountWarnings(available, settings.channels, settings.session),
    ].filter(isText),
  };
}

/** Why the models of agents cannot answer, as far as the settings alone tell. */
function modelTroubles({ models, agents: { defaults } }: Settings, agents: Roster["agents"]): readonly string[] {
  const wanted = new Set([defaults.model.primary, ...agents.map(({ model }) => model)]);
  const troubles = Array.from(wanted, (primary) =>
    createModels({ settings: () => models, primary: () => primary, log: silentLog }).trouble(),
  );
  return [...new Set(troubles.filter(isText))];
}

/** Why nothing can be sent over an account; undefined when it can. */
function accountsOf(settings: Settings, available: readonly Channel[]): (to: AccountPlace) => string | undefined {
  const accounts = configuredAccounts(available, settings.channels);
  return ({ channel, account }) => {
    const found = accounts.find((one) => one.channel.id === channel && one.account === account);
    if (!found) return `the settings have no account “${account}” of the channel “${channel}”`;
    if (channel === "webhook" && found.settings["url"] === undefined)
      return `the webhook account “${account}” has no url to post to`;
    return undefined;
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

function topicProblems(settings: Settings, available: readonly Channel[], agentIds: readonly string[]) {
  return configuredAccounts(available, settings.channels).flatMap(({ channel, account, settings: own }) =>
    topicAgents(own).flatMap(({ path: [table = "", ...rest], agentId }) => {
      if (agentIds.includes(agentId)) return [];
      const at = settingPath({ channel: channel.id, account }, table, settings.channels[channel.id]);
      return `${[at, ...rest].join(".")}: there is no agent “${agentId}”; there is ${agentIds.join(", ")}.`;
    }),
  );
}

function isText(text: string | undefined): text is string {
  return text !== undefined;
}
