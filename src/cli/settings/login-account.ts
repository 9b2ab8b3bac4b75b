import { pause } from "#base";
import type { Config } from "#config";
import { Type } from "@sinclair/typebox";
import { type Client, connect } from "../client/client.ts";
import type { Target } from "../client/target.ts";
import { expectShape } from "../client/wire.ts";
import type { CliContext } from "../context.ts";
import { CommandFailed } from "../failure.ts";
import { safeJson, safeLine } from "../safe-text.ts";
import { findChannel } from "./add-account.ts";
import { askSecrets, type SecretOptions } from "./ask-secrets.ts";
import { openForChange } from "./open-settings.ts";
import { findGateway, sayTold, tellGateway } from "./tell-gateway.ts";

export interface LoginOptions extends SecretOptions {
  readonly channel: string;
  readonly account: string;
  readonly timeout: number;
  readonly config: string | undefined;
  readonly json: boolean;
}

interface Outcome {
  /** Undefined where nobody tried the token. */
  readonly isIn: boolean | undefined;
  readonly says: string;
}

/** Writes other secrets for an account that is there, lets a gateway that runs open it with them, and says who we are there. */
export async function loginAccount(context: CliContext, options: LoginOptions): Promise<number> {
  const { channel: id, account } = options;
  if (await needsNoLogin(context, id))
    return print(context, options, { isIn: undefined, says: `The channel ${id} needs no login.` });
  const channel = await findChannel(context, id);
  const accounts = (await context.channels.configured(options.config)).filter((one) => one.channel === id);
  const known = accounts.find((one) => one.account === account);
  if (!known) {
    throw new CommandFailed({
      type: "notFound",
      message: `The settings have no account “${account}” of ${id}.`,
      advice: `\`openclaw channels add ${id}\` makes one.`,
    });
  }
  const secrets = await askSecrets(context, channel, { ...options, needed: known.needs });
  const gateway = await findGateway(context, options.config);
  const config = await openForChange(context, options);
  await config.patch({ channels: { [id]: sectionFor(config, options, secrets) } });
  const told = await tellGateway(context, gateway);
  if (!told.isTaken || !gateway) {
    const isIn = told.isTaken || told.problem === undefined ? undefined : false;
    return print(context, options, { isIn, says: `The token was written. ${sayTold(told)}` });
  }
  return print(context, options, await tried(context, gateway, options));
}

async function needsNoLogin(context: CliContext, id: string): Promise<boolean> {
  const all = await context.channels.capabilities();
  return all.some((one) => one.id === id && !one.hasAccounts);
}

/** The default account stands in its channel's table, or among the others. */
function sectionFor(
  config: Config<unknown>,
  { channel, account }: LoginOptions,
  secrets: Readonly<Record<string, string>>,
) {
  const isApart =
    account !== "default" ||
    config.explain(`channels.${channel}.accounts.default`).some(({ value }) => value !== undefined);
  return isApart ? { accounts: { [account]: secrets } } : secrets;
}

const Probe = Type.Object({
  ok: Type.Boolean(),
  name: Type.Optional(Type.String()),
  problem: Type.Optional(Type.String()),
});
const Status = Type.Object({
  channels: Type.Array(
    Type.Object({
      accounts: Type.Optional(
        Type.Array(
          Type.Object({
            account: Type.String(),
            state: Type.String(),
            failures: Type.Integer(),
            lastError: Type.Optional(Type.String()),
            probe: Type.Optional(Probe),
          }),
        ),
      ),
    }),
  ),
});

type Row = NonNullable<(typeof Status)["static"]["channels"][number]["accounts"]>[number];

const lookAgainMs = 200;

/** Waits until the platform has said yes or no to the new token. */
async function tried(context: CliContext, gateway: Target, options: LoginOptions): Promise<Outcome> {
  using client = await connect(gateway, context.signal);
  const { channel, account, timeout } = options;
  // Answers when the change of the settings was brought about: what is seen from here on is of the new token.
  await client.call("channels.start", { channel, account }, { signal: context.signal });
  const patience = AbortSignal.any([context.signal, AbortSignal.timeout(timeout)]);
  for (;;) {
    const row = await look(client, { channel, account }, context.signal);
    const outcome = row && outcomeOf(row, `The account ${account} of ${channel} is open`);
    if (outcome) return outcome;
    if (patience.aborted) return tooLate(row, timeout);
    await pause(lookAgainMs, patience).catch(() => undefined);
    context.signal.throwIfAborted();
  }
}

/** The platform may have said who we are, and still let nobody listen. */
function tooLate(row: Row | undefined, timeout: number): Outcome {
  const name = row?.probe?.ok ? ` It is ${row.probe.name ?? "there"}, and its token is right.` : "";
  const why = row?.lastError === undefined ? "" : ` ${row.lastError}`;
  return {
    isIn: undefined,
    says: `The token was written, and the account is not open after ${timeout} ms.${name}${why}`,
  };
}

async function look(
  client: Client,
  { channel, account }: { readonly channel: string; readonly account: string },
  signal: AbortSignal,
): Promise<Row | undefined> {
  const answer = await client.call("channels.status", { channel, probe: true }, { signal });
  const { channels } = expectShape(Status, answer, "status");
  return channels[0]?.accounts?.find((one) => one.account === account);
}

/** Undefined while it is not known. */
function outcomeOf({ probe, state, failures, lastError = "" }: Row, isOpen: string): Outcome | undefined {
  if (state === "online")
    return { isIn: true, says: probe?.ok ? `${isOpen}: it is ${probe.name ?? "there"}.` : `${isOpen}.` };
  const problem = probe?.problem ?? lastError;
  if (probe?.ok || (passing.has(problem) && failures === 0)) return undefined;
  return { isIn: false, says: `The token was written, but it does not open the account: ${problem}` };
}

/** What is said of an account that is on its way. */
const passing: ReadonlySet<string> = new Set(["", "It is not open.", "This channel cannot be asked."]);

async function print(
  context: CliContext,
  { channel, account, json }: LoginOptions,
  { isIn, says }: Outcome,
): Promise<number> {
  const document = { ok: isIn !== false, channel, account, ...(isIn !== undefined && { isIn }), says };
  await context.stdout.write(json ? `${safeJson(document)}\n` : `${safeLine(says)}\n`);
  return isIn === false ? 1 : 0;
}
