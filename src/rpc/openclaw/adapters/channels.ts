import { type Static, Type } from "@sinclair/typebox";
import type { AccountStatus } from "../../account-rows.ts";
import type { AnyMethod } from "../../method.ts";
import { channelsLogout } from "../../methods/channels.logout.ts";
import { channelsRestart } from "../../methods/channels.restart.ts";
import { channelsStart } from "../../methods/channels.start.ts";
import { channelsStatus } from "../../methods/channels.status.ts";
import { channelsStop } from "../../methods/channels.stop.ts";
import { channelState } from "../health.ts";
import { adapt, open } from "./adapter.ts";

const Where = Type.Object({ channel: Type.String({ minLength: 1 }), accountId: Type.Optional(Type.String()) }, open);
type Where = Static<typeof Where>;

const Asked = Type.Object(
  {
    probe: Type.Optional(Type.Boolean()),
    timeoutMs: Type.Optional(Type.Integer({ minimum: 0 })),
    channel: Type.Optional(Type.String({ minLength: 1 })),
  },
  open,
);

export const channels: readonly AnyMethod[] = [
  adapt(channelsLogout, {
    params: Where,
    names: { account: "accountId" },
    ask: ours,
    answer: ({ channel, account, cleared, fromEnvironment, loggedOut }) => ({
      channel,
      accountId: account,
      supported: true,
      cleared,
      loggedOut,
      envToken: fromEnvironment,
    }),
  }),
  // Ours alone: the original has nothing by this name.
  channelsRestart,
  adapt(channelsStart, {
    params: Where,
    names: { account: "accountId" },
    ask: ours,
    answer: ({ channel, accounts }, { theirs }) => ({
      channel,
      accountId: theirs.accountId ?? "default",
      started: accounts.every(({ running }) => running),
    }),
  }),
  adapt(channelsStatus, {
    params: Asked,
    ask: ({ channel, probe, timeoutMs }) => ({
      ...(channel !== undefined && { channel }),
      ...(probe !== undefined && { probe }),
      ...(timeoutMs !== undefined && { timeoutMs: Math.min(timeoutMs, mostTimeoutMs) }),
    }),
    answer: (result) => ({
      ts: Date.now(),
      channelOrder: result.channels.map(({ id }) => id),
      channelLabels: Object.fromEntries(result.channels.map(({ id, label }) => [id, label])),
      channels: Object.fromEntries(result.channels.map(({ id, state }) => [id, channelState(state)])),
      channelAccounts: Object.fromEntries(
        result.channels.flatMap(({ id, accounts }) => (accounts ? [[id, accounts.map(snapshot)]] : [])),
      ),
      channelDefaultAccountId: Object.fromEntries(
        result.channels.flatMap(({ id, accounts }) => (accounts ? [[id, defaultOf(accounts)]] : [])),
      ),
    }),
  }),
  adapt(channelsStop, {
    params: Where,
    names: { account: "accountId" },
    ask: ours,
    answer: ({ channel, accounts }, { theirs }) => ({
      channel,
      accountId: theirs.accountId ?? "default",
      stopped: accounts.every(({ running }) => !running),
    }),
  }),
];

const mostTimeoutMs = 3_600_000;

function ours({ channel, accountId }: Where) {
  return { channel, ...(accountId !== undefined && accountId !== "" && { account: accountId }) };
}

function snapshot({ account, failures, lastError, probe, state, ...same }: AccountStatus) {
  return {
    accountId: account,
    ...same,
    healthState: state,
    reconnectAttempts: failures,
    lastError: lastError ?? null,
    ...(probe && { probe: probeOf(probe), lastProbeAt: Date.now() }),
  };
}

function probeOf({ ok, name, id, problem, tookMs }: NonNullable<AccountStatus["probe"]>) {
  return {
    ok,
    elapsedMs: tookMs,
    ...(problem !== undefined && { error: problem }),
    ...(ok && { bot: { id, username: name } }),
  };
}

function defaultOf(accounts: readonly AccountStatus[]): string {
  const named = accounts.find(({ account }) => account === "default") ?? accounts[0];
  return named?.account ?? "default";
}
