import { Type } from "@sinclair/typebox";
import { expectShape } from "../client/wire.ts";
import type { ChannelInfo, CliContext, ConfiguredInfo } from "../context.ts";
import { safeJson, safeLine } from "../safe-text.ts";
import { columns } from "../table.ts";
import { duration } from "./duration.ts";

export async function printConfigured(
  context: CliContext,
  found: {
    readonly available: readonly ChannelInfo[];
    readonly accounts: readonly ConfiguredInfo[];
    readonly json: boolean;
  },
): Promise<number> {
  const { available, accounts, json } = found;
  if (json) {
    const channels = available.map(({ id, label }) => ({ id, label }));
    await context.stdout.write(`${safeJson({ ok: true, accounts, channels })}\n`);
    return 0;
  }
  const rows = accounts.map(({ channel, account, isEnabled, problem }) =>
    [channel, account, isEnabled ? "enabled" : "not enabled", problem ?? ""].map(safeLine),
  );
  const table = columns([["channel", "account", "", "problem"], ...rows]);
  const known = available.map(({ id }) => id).join(", ") || "none";
  const lines = [rows.length === 0 ? "The settings have no account." : table, `Channels that can be set: ${known}.`];
  await context.stdout.write(`${lines.join("\n")}\n`);
  return 0;
}

const Moment = Type.Optional(Type.Integer());
const Account = Type.Object({
  account: Type.String(),
  enabled: Type.Boolean(),
  running: Type.Boolean(),
  state: Type.String(),
  lastError: Type.Optional(Type.String()),
  lastInboundAt: Moment,
  lastOutboundAt: Moment,
  probe: Type.Optional(
    Type.Object({ ok: Type.Boolean(), name: Type.Optional(Type.String()), problem: Type.Optional(Type.String()) }),
  ),
});
const Status = Type.Object({
  channels: Type.Array(
    Type.Object({ id: Type.String(), state: Type.String(), accounts: Type.Optional(Type.Array(Account)) }),
  ),
});

/** 1 when an account that should be open is not. */
export async function printStatus(context: CliContext, answer: unknown, json: boolean): Promise<number> {
  const { channels } = expectShape(Status, answer, "status");
  const exitCode = channels.some(({ accounts = [] }) => accounts.some(isBroken)) ? 1 : 0;
  if (json) {
    await context.stdout.write(`${safeJson(answer)}\n`);
    return exitCode;
  }
  const rows = channels.flatMap(({ id, state, accounts }) =>
    accounts ? accounts.map((one) => [id, ...cells(one)]) : [[id, "", state, "", "", ""]],
  );
  const head = ["channel", "account", "state", "heard", "said", ""];
  await context.stdout.write(`${columns([head, ...rows.map((row) => row.map(safeLine))])}\n`);
  return exitCode;
}

type Account = (typeof Account)["static"];

function isBroken({ enabled, running, state, probe }: Account): boolean {
  return enabled && ((running && state === "offline") || probe?.ok === false);
}

function cells(one: Account): string[] {
  const { account, enabled, running, state, lastError, probe } = one;
  const asked = probe && (probe.ok ? `it is ${probe.name ?? ""}` : (probe.problem ?? "it does not answer"));
  const shown = running ? state : enabled ? "stopped" : "not enabled";
  return [account, shown, ago(one.lastInboundAt), ago(one.lastOutboundAt), lastError ?? asked ?? ""];
}

function ago(at: number | undefined): string {
  return at === undefined ? "never" : `${duration(Date.now() - at)} ago`;
}

const Accounts = Type.Object({ channel: Type.String(), accounts: Type.Array(Account) });

export async function printAccounts(context: CliContext, answer: unknown, json: boolean): Promise<number> {
  const { channel, accounts } = expectShape(Accounts, answer, "answer");
  const lines = accounts.map(({ account, running, state }) => `${channel} ${account}: ${running ? state : "stopped"}`);
  await context.stdout.write(json ? `${safeJson(answer)}\n` : `${lines.map(safeLine).join("\n")}\n`);
  return 0;
}

const LoggedOut = Type.Object({
  channel: Type.String(),
  account: Type.String(),
  cleared: Type.Boolean(),
  fromEnvironment: Type.Boolean(),
  loggedOut: Type.Boolean(),
});

export async function printLoggedOut(context: CliContext, answer: unknown, json: boolean): Promise<number> {
  const { channel, account, cleared, fromEnvironment, loggedOut } = expectShape(LoggedOut, answer, "answer");
  const did = cleared ? "Its tokens are out of the settings file." : "The settings file had no token of it.";
  const left = fromEnvironment ? " A variable of the gateway's environment still gives it one." : "";
  const line = `The account ${account} of ${channel} is closed. ${did}${left}`;
  await context.stdout.write(json ? `${safeJson(answer)}\n` : `${safeLine(line)}\n`);
  return loggedOut ? 0 : 1;
}
