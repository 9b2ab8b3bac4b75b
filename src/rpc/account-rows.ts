import type { AccountView, Probe } from "#gateway";
import { type Static, Type } from "@sinclair/typebox";

const Moment = Type.Optional(Type.Integer({ description: "Milliseconds since 1970." }));

export const LineState = Type.Union([Type.Literal("online"), Type.Literal("degraded"), Type.Literal("offline")]);

export const ProbeRow = Type.Object({
  ok: Type.Boolean(),
  name: Type.Optional(Type.String({ description: "What we are called at the platform." })),
  id: Type.Optional(Type.String()),
  problem: Type.Optional(Type.String()),
  tookMs: Type.Integer(),
});

export const AccountStatus = Type.Object({
  account: Type.String({ description: "Its name in the settings." }),
  enabled: Type.Boolean(),
  configured: Type.Boolean({ description: "Its settings are whole." }),
  running: Type.Boolean({ description: "It is opened, or tried again and again." }),
  connected: Type.Boolean(),
  state: LineState,
  lastError: Type.Optional(Type.String({ description: "Why it is not online." })),
  warning: Type.Optional(Type.String({ description: "What does not work although it is online." })),
  failures: Type.Integer({ description: "Tries in a row that came to nothing." }),
  lastStartAt: Moment,
  lastStopAt: Moment,
  lastConnectedAt: Moment,
  lastInboundAt: Moment,
  lastOutboundAt: Moment,
  probe: Type.Optional(ProbeRow),
});
export type AccountStatus = Static<typeof AccountStatus>;

/** Which account is meant. */
export const accountParams = {
  channel: Type.String({ minLength: 1, maxLength: 64 }),
  account: Type.Optional(
    Type.String({ minLength: 1, maxLength: 64, description: "All of the channel when left out." }),
  ),
};

export const AccountsOf = Type.Object({ channel: Type.String(), accounts: Type.Array(AccountStatus) });

export function accountStatus(view: AccountView): AccountStatus {
  const { account, isEnabled, isConfigured, isRunning, state, problem, warning, failures } = view;
  const { startedAt, stoppedAt, connectedAt, lastInboundAt, lastOutboundAt } = view;
  return {
    account,
    enabled: isEnabled,
    configured: isConfigured,
    running: isRunning,
    connected: state !== "offline",
    state,
    ...(problem !== undefined && { lastError: problem }),
    ...(warning !== undefined && { warning }),
    failures,
    ...(startedAt !== undefined && { lastStartAt: startedAt }),
    ...(stoppedAt !== undefined && { lastStopAt: stoppedAt }),
    ...(connectedAt !== undefined && { lastConnectedAt: connectedAt }),
    ...(lastInboundAt !== undefined && { lastInboundAt }),
    ...(lastOutboundAt !== undefined && { lastOutboundAt }),
  };
}

export function accountsOf(channel: string, views: readonly AccountView[]): Static<typeof AccountsOf> {
  return { channel, accounts: views.map(accountStatus) };
}

export function probeRow(probe: Probe): Static<typeof ProbeRow> {
  return { ...probe };
}
