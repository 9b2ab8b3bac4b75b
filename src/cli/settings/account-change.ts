import type { Config } from "#config";
import type { Target } from "../client/target.ts";
import type { CliContext } from "../context.ts";
import { safeJson, safeLine } from "../safe-text.ts";
import { sayTold, tellGateway } from "./tell-gateway.ts";

export interface AccountChange {
  readonly config: Config<unknown>;
  readonly channel: string;
  readonly account: string;
  readonly changed: readonly string[];
  /** That of the settings, as they were. */
  readonly gateway: Target | undefined;
  readonly did: "removed" | "set";
  readonly json: boolean;
}

/** Says what was written, tells a gateway that runs, and what is still wrong with the account. */
export async function printAccountChange(context: CliContext, change: AccountChange): Promise<number> {
  const { config, channel, account, changed, gateway, did, json } = change;
  const { file } = config;
  const told = await tellGateway(context, gateway);
  const { isTaken } = told;
  // Left as it is, the next start would fail.
  const exitCode = !told.isTaken && told.problem !== undefined ? 1 : 0;
  const accounts = await context.channels.configured(file);
  const problem = accounts.find((one) => one.channel === channel && one.account === account)?.problem;
  if (json) {
    const document = {
      ok: exitCode === 0,
      file,
      channel,
      account,
      changed,
      isTaken,
      ...(problem !== undefined && { problem }),
    };
    await context.stdout.write(`${safeJson(document)}\n`);
    return exitCode;
  }
  const lines = [`The account ${account} of ${channel} was ${did} in ${file}.`, sayTold(told)];
  if (problem !== undefined) lines.push(`It cannot be opened yet: ${problem}.`);
  await context.stdout.write(`${lines.map(safeLine).join("\n")}\n`);
  return exitCode;
}
