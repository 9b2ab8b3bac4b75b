import { type Log, nearest, pause, systemClock } from "#base";
import { Fault } from "#protocol";
import { demo } from "./demo.ts";
import { providers } from "./list.ts";
import type { Provider, ProviderKind, Surroundings } from "./provider.ts";
import { ModelSettings, type ModelsSettings, type ProviderSettings } from "./settings.ts";

export interface ModelInfo {
  /** The provider's own name of it. */
  readonly id: string;
  readonly name: string;
  readonly contextWindow: number;
  readonly maxTokens: number;
  /** What it takes. */
  readonly input: ModelSettings["input"];
}

/** A row of the list of models. */
export interface ModelRow extends ModelInfo {
  /** `provider/model`. */
  readonly id: string;
  readonly provider: string;
  readonly isDefault: boolean;
}

export type Resolved =
  | {
      readonly found: true;
      /** `provider/model`. */
      readonly id: string;
      readonly providerId: string;
      readonly provider: Provider;
      readonly model: ModelInfo;
    }
  | { readonly found: false; readonly because: string; readonly nearest?: string };

type NotFound = Extract<Resolved, { found: false }>;

export interface Models {
  /** What can be chosen: all models of the settings, and the default one if it is not among them. */
  list(): readonly ModelRow[];
  /** The id of the model that answers when none is asked for, if any can be named. */
  defaultId(): string | undefined;
  /** The providers that the settings name, or the demo model's; each may have more models than are listed. */
  providers(): readonly string[];
  /** What a million tokens of the model cost in US dollars; undefined where the settings do not say. */
  price(providerId: string, modelId: string): ModelSettings["cost"];
  /** Why the default model cannot answer, as far as the settings alone tell. */
  trouble(): string | undefined;
  /** The model of this id, or the default one, with its provider opened. `because` is a sentence that says what to set. */
  resolve(id?: string): Promise<Resolved>;
}

export const demoId = "demo/demo";

interface Opened {
  readonly settings: ProviderSettings;
  readonly provider: Promise<Provider>;
}

/**
 * The models that the settings name. Both are read anew each time, so a changed setting counts from the next turn on; a
 * provider stays open for as long as its settings are the same object.
 */
export function createModels(options: {
  readonly settings: () => ModelsSettings;
  /** The configured default, `provider/model`. */
  readonly primary: () => string | undefined;
  readonly log: Log;
  /** Only a test brings its own. */
  readonly surroundings?: Partial<Surroundings>;
}): Models {
  const { settings, primary, log } = options;
  const surroundings: Surroundings = { log, clock: systemClock, pause, ...options.surroundings };
  const opened = new Map<string, Opened>();

  const open = (id: string, mine: ProviderSettings): Promise<Provider> => {
    const known = opened.get(id);
    if (known?.settings === mine) return known.provider;
    const { providers: all } = settings();
    for (const name of opened.keys()) if (!all[name]) opened.delete(name);
    const provider = kindOf(mine.api).open({ ...mine, id }, { ...surroundings, log: log.with({ provider: id }) });
    opened.set(id, { settings: mine, provider });
    return provider;
  };

  const resolveIn = async (id: string, { providers: all }: ModelsSettings): Promise<Resolved> => {
    const place = placeOf(id, all);
    const mine = place && all[place.providerId];
    if (!place || !mine) return notFound(id, all);
    try {
      const provider = await open(place.providerId, mine);
      return { found: true, id: idOf(place), providerId: place.providerId, provider, model: infoOf(place, mine) };
    } catch (error) {
      opened.delete(place.providerId);
      if (error instanceof Fault && error.code === "configInvalid") return { found: false, because: error.message };
      throw error;
    }
  };

  const isDemoOn = () => isEmpty(settings()) && [undefined, demoId].includes(primary());
  const defaultId = () => primary() ?? (isDemoOn() ? demoId : firstListed(settings()));

  return {
    defaultId,
    list: () => rowsOf(settings(), defaultId(), isDemoOn()),
    providers: () => (isDemoOn() ? ["demo"] : Object.keys(settings().providers)),
    price(providerId, modelId) {
      const { providers: all } = settings();
      if (providerId === "demo" && !all["demo"]) return { input: 0, output: 0 };
      return all[providerId]?.models.find(({ id }) => id === modelId)?.cost;
    },
    trouble() {
      const id = defaultId();
      if (id === undefined) return noModel;
      const { providers: all } = settings();
      return (isDemoOn() && id === demoId) || placeOf(id, all) ? undefined : notFound(id, all).because;
    },
    async resolve(asked) {
      const id = asked ?? defaultId();
      if (id === undefined) return { found: false, because: noModel };
      if (isDemoOn() && id === demoId) return openDemo();
      return resolveIn(id, settings());
    },
  };
}

const noModel = "No model is listed: set models.providers.<name>.models, or a default model.";

interface Place {
  readonly providerId: string;
  readonly modelId: string;
}

/** Which provider's which model an id means: `provider/model`, where both may have slashes, or a listed model's name alone. */
export function placeOf(id: string, all: ModelsSettings["providers"]): Place | undefined {
  const providerId = Object.keys(all)
    .filter((name) => id.startsWith(`${name}/`) && id.length > name.length + 1)
    .toSorted((a, b) => b.length - a.length)[0];
  if (providerId !== undefined) return { providerId, modelId: id.slice(providerId.length + 1) };
  const listing = Object.entries(all).find(([, { models }]) => models.some((model) => model.id === id));
  return listing && { providerId: listing[0], modelId: id };
}

function notFound(id: string, all: ModelsSettings["providers"]): NotFound {
  const listed = listedIds(all);
  if (id === demoId) {
    return { found: false, because: "The demo model answers only as long as no other model is configured." };
  }
  const known =
    listed.length > 0 ? ` Listed are: ${listed.slice(0, 8).join(", ")}${listed.length > 8 ? ", …" : ""}.` : "";
  const [providerId = id, ...rest] = id.split("/");
  const like = sameModelNearby(providerId, rest.join("/"), all) ?? nearest(id, listed);
  const because =
    rest.length === 0
      ? `There is no model “${id}”: write it as <provider>/<model>.${known}`
      : `There is no provider “${providerId}”, which the model “${id}” needs: set models.providers.${providerId} (api, base_url, api_key), or choose another model.${known}`;
  return { found: false, because, ...(like === undefined ? {} : { nearest: like }) };
}

function sameModelNearby(typed: string, modelId: string, all: ModelsSettings["providers"]): string | undefined {
  const providerId = nearest(typed, Object.keys(all));
  return providerId !== undefined && modelId !== "" ? `${providerId}/${modelId}` : undefined;
}

function rowsOf({ providers: all }: ModelsSettings, defaultId: string | undefined, isDemoOn: boolean): ModelRow[] {
  if (isDemoOn) return [{ ...demoModel, id: demoId, provider: "demo", isDefault: true }];
  const chosen = defaultId === undefined ? undefined : placeOf(defaultId, all);
  const places = Object.entries(all).flatMap(([providerId, { models }]) =>
    models.map((model) => ({ providerId, modelId: model.id })),
  );
  const isChosen = (place: Place) => chosen !== undefined && idOf(place) === idOf(chosen);
  if (chosen && !places.some(isChosen)) places.unshift(chosen);
  return places.flatMap((place) => {
    const mine = all[place.providerId];
    if (!mine) return [];
    return [{ ...infoOf(place, mine), id: idOf(place), provider: place.providerId, isDefault: isChosen(place) }];
  });
}

function infoOf({ modelId }: Place, { models }: ProviderSettings): ModelInfo {
  const listed = models.find((model) => model.id === modelId);
  return {
    id: modelId,
    name: listed?.name ?? modelId,
    contextWindow: listed?.contextWindow ?? usual.contextWindow,
    maxTokens: listed?.maxTokens ?? usual.maxTokens,
    input: listed?.input ?? usual.input,
  };
}

const usual: Pick<ModelInfo, "contextWindow" | "maxTokens" | "input"> = {
  contextWindow: Number(ModelSettings.properties.contextWindow.default),
  maxTokens: Number(ModelSettings.properties.maxTokens.default),
  input: ["text"],
};

const demoModel: ModelInfo = { id: "demo", name: "Demo model (offline)", ...usual };

async function openDemo(): Promise<Resolved> {
  const provider = await demo.open();
  return { found: true, id: demoId, providerId: "demo", provider, model: demoModel };
}

function kindOf(api: ProviderSettings["api"]): ProviderKind {
  const kind = providers.find((candidate) => candidate.api === api);
  if (!kind) throw new Error(`no provider speaks ${api}`);
  return kind;
}

function firstListed({ providers: all }: ModelsSettings): string | undefined {
  return listedIds(all)[0];
}

function listedIds(all: ModelsSettings["providers"]): string[] {
  return Object.entries(all).flatMap(([name, { models }]) => models.map((model) => `${name}/${model.id}`));
}

function isEmpty({ providers: all }: ModelsSettings): boolean {
  return Object.keys(all).length === 0;
}

function idOf({ providerId, modelId }: Place): string {
  return `${providerId}/${modelId}`;
}
