import type { Config } from "#config";
import type { CliContext } from "../context.ts";
import { CommandFailed } from "../failure.ts";
import { safeJson, safeLine } from "../safe-text.ts";

export interface AccountChange {
  readonly config: Config<unknown>;
  readonly channel: string;
  readonly account: string;
  readonly changed: readonly string[];
  readonly did: "removed" | "set";
  readonly json: boolean;
}

/** Says what was written, tells a gateway that runs, and what is still wrong with the account. */
export async function printAccountChange(context: CliContext, change: AccountChange): Promise<number> {
  const { config, channel, account, changed, did, json } = change;
  const { file } = config;
  const isTaken = await tellGateway(context, file);
  const accounts = await context.channels.configured(file);
  const problem = accounts.find((one) => one.channel === channel && one.account === account)?.problem;
  if (json) {
    const document = { ok: true, file, channel, account, changed, isTaken, ...(problem !== undefined && { problem }) };
    await context.stdout.write(`${safeJson(document)}\n`);
    return 0;
  }
  const next = isTaken ? "The gateway has taken it up." : "A gateway takes it up when it is started again.";
  const lines = [`The account ${account} of ${channel} was ${did} in ${file}.`, next];
  if (problem !== undefined) lines.push(`It cannot be opened yet: ${problem}.`);
  await context.stdout.write(`${lines.map(safeLine).join("\n")}\n`);
  return 0;
}

/** Whether a gateway of these settings runs, and has read them again. */
async function tellGateway(context: CliContext, config: string): Promise<boolean> {
  const { openClient } = await import("../client/open-client.ts");
  try {
    using client = await openClient(context, { config, url: undefined, token: undefined, tokenFile: undefined });
    await client.call("config.reload", {}, { signal: context.signal });
    return true;
  } catch (error) {
    context.signal.throwIfAborted();
    if (error instanceof CommandFailed) return false;
    throw error;
  }
}
