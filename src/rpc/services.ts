import type { Config } from "#config";
import type { Gateway } from "#gateway";
import type { Sessions } from "#sessions";
import type { HealthReport } from "#telemetry";
import type { ConnectionInfo } from "./connection.ts";

export interface ModelListing {
  /** `provider/model` */
  readonly id: string;
  readonly provider: string;
  readonly name: string;
  readonly contextWindow: number;
  readonly maxTokens: number;
  /** It answers where a session does not name another. */
  readonly isDefault: boolean;
}

export interface ChannelStatus {
  readonly id: string;
  readonly label: string;
  readonly state: "online" | "degraded" | "offline";
}

/** What `status` shows to those who may read. Holds no secret and no path outside the home. */
export interface GatewayStatus {
  readonly version: string;
  readonly pid: number;
  readonly startedAt: number;
  readonly uptimeMs: number;
  /** `provider/model`, or `demo/demo`. */
  readonly model: string;
  readonly sandbox: { readonly backend: string; readonly canRun: boolean; readonly because: string };
  readonly storage: { readonly backend: string; readonly ok: boolean; readonly problem?: string };
  readonly turns: { readonly running: number; readonly waiting: number };
  readonly memory: { readonly rssBytes: number };
}

/** What the methods may touch. Services are listed, never looked up. */
export interface Services {
  readonly gateway: Gateway;
  readonly sessions: Sessions;
  readonly config: Config<unknown>;
  readonly models: () => readonly ModelListing[];
  readonly channels: () => readonly ChannelStatus[];
  readonly health: () => Promise<HealthReport>;
  readonly status: () => Promise<GatewayStatus>;
  readonly connections: () => readonly ConnectionInfo[];
  readonly defaultAgentId: string;
}
