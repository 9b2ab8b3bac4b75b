import { type Static, Type } from "@sinclair/typebox";
import { Check } from "@sinclair/typebox/value";
import { noUsage, Usage } from "#protocol";

/** What a person may set on one session; the rest comes from the configuration. */
export const SessionSettings = Type.Object({
  model: Type.Optional(Type.String({ description: "`provider/model`, for this session only." })),
  label: Type.Optional(Type.String()),
  thinking: Type.Optional(
    Type.Union([Type.Literal("off"), Type.Literal("low"), Type.Literal("medium"), Type.Literal("high")]),
  ),
  verbose: Type.Optional(Type.Union([Type.Literal("off"), Type.Literal("on"), Type.Literal("full")])),
});
export type SessionSettings = Readonly<Static<typeof SessionSettings>>;

/** What the log says, beside the messages. */
export const SessionSummary = Type.Object({
  settings: SessionSettings,
  usage: Usage,
  messageCount: Type.Integer({ description: "Rows of the transcript." }),
  preview: Type.Optional(Type.String({ description: "The newest user or assistant text, clipped to 120 characters." })),
});
export type SessionSummary = Readonly<Static<typeof SessionSummary>>;

export const emptySummary: SessionSummary = { settings: {}, usage: noUsage, messageCount: 0 };

/** The summary as it is stored beside the log, with the seq of the last event it knows of. */
const Projection = Type.Object({ seq: Type.Integer({ minimum: 0 }), summary: SessionSummary });
export type Projection = Readonly<Static<typeof Projection>>;

export function writeProjection(projection: Projection): string {
  return JSON.stringify(projection);
}

/** Undefined when it is of another version, or none: then the log tells it anew. */
export function readProjection(text: string): Projection | undefined {
  if (text === "") return undefined;
  try {
    const parsed: unknown = JSON.parse(text);
    return Check(Projection, parsed) ? parsed : undefined;
  } catch {
    return undefined; // not JSON is one more way of being of another version
  }
}

/** These settings with one of them set, or unset by `null`. A name or value that this version does not know changes nothing. */
export function withSetting(settings: SessionSettings, name: string, value: unknown): SessionSettings {
  if (!Object.hasOwn(SessionSettings.properties, name)) return settings;
  const { [name]: _old, ...rest }: Record<string, unknown> = settings;
  const changed = value === null ? rest : { ...rest, [name]: value };
  return Check(SessionSettings, changed) ? changed : settings;
}
