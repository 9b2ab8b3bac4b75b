import { SecretText } from "#config";
import { type Static, Type } from "@sinclair/typebox";

const dollars = Type.Number({ minimum: 0 });

const ModelInput = Type.Union([Type.Literal("text"), Type.Literal("image")]);
export type ModelInput = Static<typeof ModelInput>;

export const ModelSettings = Type.Object({
  id: Type.String({ minLength: 1, description: "The provider's own name of the model." }),
  name: Type.Optional(Type.String({ minLength: 1, description: "What people see; the id when not set." })),
  contextWindow: Type.Integer({
    minimum: 1_024,
    default: 128_000,
    description: "How many tokens question and answer may have together.",
  }),
  input: Type.Array(ModelInput, {
    default: ["text"],
    description: 'What it takes: text, and with "image" also the pictures that people send.',
  }),
  maxTokens: Type.Integer({ minimum: 1, default: 8_192, description: "How many tokens one answer may have." }),
  cost: Type.Optional(
    Type.Object(
      { input: dollars, output: dollars, cacheRead: Type.Optional(dollars), cacheWrite: Type.Optional(dollars) },
      { description: "What a million tokens cost in US dollars; without it, costs are shown as unknown." },
    ),
  ),
});
export type ModelSettings = Static<typeof ModelSettings>;

export const ProviderSettings = Type.Object({
  api: Type.Union([Type.Literal("anthropic-messages"), Type.Literal("openai-completions")], {
    description: "What the server speaks: anthropic-messages, or openai-completions as nearly all others do.",
  }),
  baseUrl: Type.Optional(
    Type.String({
      pattern: "^https?://",
      description: "Where the server is, up to and with /v1; the API's own maker when not set.",
    }),
  ),
  apiKey: Type.Optional(
    SecretText({ description: "The key. Servers that want none get no Authorization header when it is not set." }),
  ),
  headers: Type.Record(
    Type.String(),
    SecretText({ description: "The value of one more header; not shown, because many carry keys." }),
    { default: {}, description: "More headers for every request." },
  ),
  timeoutSeconds: Type.Number({
    exclusiveMinimum: 0,
    maximum: 3_600,
    default: 120,
    description: "How long the server may be silent, before its answer or within it. Raise it for slow local models.",
  }),
  models: Type.Array(ModelSettings, {
    default: [],
    description: "The models on offer. Others of this provider can be used by name, with the limits above.",
  }),
});
export type ProviderSettings = Static<typeof ProviderSettings>;

/** The `[models]` part of the configuration. */
export const modelsSettings = Type.Object({
  providers: Type.Record(Type.String(), ProviderSettings, {
    default: {},
    description: "Where models are, by a name of your choice; `<name>/<model>` is then a model's id.",
  }),
});
export type ModelsSettings = Static<typeof modelsSettings>;
