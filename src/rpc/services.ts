import { type Static, Type } from "@sinclair/typebox";
import type { LogTail, TailRequest } from "#base";
import type { Config } from "#config";
import type { Devices } from "#devices";
import type { Accounts, Gateway, Inbound } from "#gateway";
import type { StoredEvent, TranscriptRow } from "#protocol";
import type { Sessions } from "#sessions";
import { AccountStatus, LineState } from "./account-rows.ts";
import type { AuthMode } from "./authenticator.ts";
import type { HealthReport } from "#telemetry";

export const ModelListing = Type.Object({
  id: Type.String({ description: "`provider/model`" }),
  provider: Type.String(),
  name: Type.String(),
  contextWindow: Type.Integer(),
  maxTokens: Type.Integer(),
  input: Type.Array(Type.Union([Type.Literal("text"), Type.Literal("image")]), { description: "What it takes." }),
  isDefault: Type.Boolean({ description: "It answers where a session does not name another." }),
});
export type ModelListing = Static<typeof ModelListing>;

export const ChannelStatus = Type.Object({
  id: Type.String(),
  label: Type.String(),
  state: LineState,
  accounts: Type.Optional(
    Type.Array(AccountStatus, { description: "Of a channel that has accounts in the settings." }),
  ),
});
export type ChannelStatus = Static<typeof ChannelStatus>;

export const AgentListing = Type.Object({
  id: Type.String(),
  name: Type.Optional(Type.String()),
  isDefault: Type.Boolean({ description: "It answers where nobody names another." }),
  model: Type.Optional(Type.String({ description: "`provider/model`, of sessions that choose none." })),
});
export type AgentListing = Static<typeof AgentListing>;

export const ToolListing = Type.Object({ name: Type.String(), description: Type.String() });
export type ToolListing = Static<typeof ToolListing>;

/** What `status` shows to those who may read. Holds no secret and no path outside the home. */
export const GatewayStatus = Type.Object({
  version: Type.String(),
  pid: Type.Integer(),
  startedAt: Type.Number(),
  uptimeMs: Type.Number(),
  model: Type.String({ description: "`provider/model`, or `demo/demo`." }),
  sandbox: Type.Object({ backend: Type.String(), canRun: Type.Boolean(), because: Type.String() }),
  storage: Type.Object({
    backend: Type.String(),
    ok: Type.Boolean(),
    problem: Type.Optional(Type.String()),
    warning: Type.Optional(Type.String()),
  }),
  damaged: Type.Optional(
    Type.Array(Type.Object({ key: Type.String(), seq: Type.Integer() }), {
      description: "Sessions whose logs were found damaged, and where.",
    }),
  ),
  turns: Type.Object({ running: Type.Integer(), waiting: Type.Integer() }),
  memory: Type.Object({ rssBytes: Type.Integer() }),
});
export type GatewayStatus = Static<typeof GatewayStatus>;

export type ParsedKey = { readonly ok: true; readonly key: string } | { readonly ok: false; readonly because: string };

/** What the methods may touch. Services are listed, never looked up. */
export interface Services {
  readonly version: string;
  /** The agent that answers where none is named; settings may make it another one. */
  readonly agentId: string;
  /** Every agent there is. */
  readonly agents: () => readonly AgentListing[];
  readonly gateway: Gateway;
  readonly sessions: Sessions;
  /** The way in from the platforms: who is let in, what is answered, and where messages go. */
  readonly inbound: Pick<Inbound, "activations" | "asides" | "explain" | "pairing">;
  readonly config: Config<unknown>;
  /** Loaded when first asked for: a gateway without devices does not pay for them. */
  readonly devices: () => Promise<Devices>;
  /** Where clients find this gateway, and what it asks them for. */
  readonly entrance: () => { readonly url: string; readonly auth: AuthMode };
  readonly models: () => readonly ModelListing[];
  /** By name; any of them may have models that are not listed. */
  readonly modelProviders: () => readonly string[];
  readonly channels: () => readonly ChannelStatus[];
  readonly accounts: Pick<Accounts, "probe" | "restart" | "start" | "stop" | "tokenPaths">;
  readonly health: () => Promise<HealthReport>;
  readonly status: () => Promise<GatewayStatus>;
  /** Of the gateway's own log. */
  readonly tailLog: (wanted: TailRequest) => Promise<LogTail>;
  /** Those that the agent may use, or the default one; throws `agentNotFound`. */
  readonly tools: (agentId?: string) => readonly ToolListing[];
  /** A session key in whatever spelling, to its canonical one: of that agent, or the default one, where it names none. */
  readonly parseSessionKey: (text: string, agentId?: string) => ParsedKey;
  /** The row that `Sessions.history` makes of this event, so that what streams by and what is read later are the same. */
  readonly transcriptRow: (stored: StoredEvent) => TranscriptRow | undefined;
}
