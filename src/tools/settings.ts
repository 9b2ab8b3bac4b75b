import { type Static, Type } from "@sinclair/typebox";

const modelId = Type.String({ minLength: 1, description: "As `provider/model`." });

/** What becomes of recordings that people send. Read anew for each of them. */
const audioSettings = Type.Object({
  enabled: Type.Boolean({ default: true, description: "False: no recording is sent to a model." }),
  model: Type.Optional(
    Type.String({
      minLength: 1,
      description:
        "What writes down voice notes, as `provider/model`, of a provider with the API openai-completions; without it and `models`, nothing is written down.",
    }),
  ),
  models: Type.Array(modelId, { default: [], description: "Others, asked one after the other when one cannot." }),
  maxBytes: Type.Integer({
    minimum: 1_024,
    maximum: 20 * 1024 * 1024,
    default: 20 * 1024 * 1024,
    description: "Larger recordings are kept, and not written down.",
  }),
  timeoutSeconds: Type.Integer({
    minimum: 1,
    maximum: 600,
    default: 60,
    description: "How long to wait for the words of one recording, all models together.",
  }),
  language: Type.Optional(
    Type.String({
      pattern: "^[a-z]{2,3}$",
      description: "What is spoken, as ISO 639 has it: en; guessed when not set.",
    }),
  ),
});
export type AudioSettings = Static<typeof audioSettings>;

/** The `[tools]` part of the configuration. */
export const toolsSettings = Type.Object({
  allow: Type.Optional(
    Type.Array(Type.String({ minLength: 1 }), {
      restart: true,
      description: "The only tools the agent has, by name; all of them when this is not set.",
    }),
  ),
  deny: Type.Array(Type.String({ minLength: 1 }), {
    default: [],
    restart: true,
    description: "Tools the agent does not have, even those that allow names.",
  }),
  commandTimeoutSeconds: Type.Integer({
    minimum: 1,
    maximum: 600,
    default: 120,
    restart: true,
    description: "How long a command may take when its call does not say.",
  }),
  media: Type.Object({ audio: audioSettings }),
  nodes: Type.Object({
    enabled: Type.Boolean({
      default: true,
      restart: true,
      description:
        "Gives the agent the tool nodes, for machines that are paired and whose commands an operator approved.",
    }),
    allow: Type.Array(Type.String({ minLength: 1 }), {
      default: ["device.health", "device.info", "device.status", "system.which"],
      restart: true,
      description:
        "The commands of nodes that the agent may use; device.* names all that begin so, except what runs programs or reaches into files: that must be named in full, like system.run.",
    }),
    ids: Type.Array(Type.String({ minLength: 1 }), {
      default: ["*"],
      restart: true,
      description: "The nodes that the agent may use, by id; * for all.",
    }),
  }),
  outputCharacters: Type.Integer({
    minimum: 1_000,
    maximum: 200_000,
    default: 32_768,
    restart: true,
    description: "How much of a tool's output the model reads; of a longer one, the beginning and the end.",
  }),
});
export type ToolsSettings = Static<typeof toolsSettings>;

/** The settings as one agent has them: what it says of its own tools takes away, and never gives back what is denied to all. */
export function narrowedTools(
  settings: ToolsSettings,
  own: { readonly allow?: readonly string[]; readonly deny?: readonly string[] },
): ToolsSettings {
  const allow = own.allow ? own.allow.filter((name) => settings.allow?.includes(name) ?? true) : settings.allow;
  return { ...settings, ...(allow && { allow: [...allow] }), deny: [...settings.deny, ...(own.deny ?? [])] };
}
