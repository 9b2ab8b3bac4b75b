import type { CliContext } from "../context.ts";
import { CommandFailed } from "../failure.ts";
import { findChannel } from "./add-account.ts";
import { printAccountChange } from "./account-change.ts";
import { openForChange } from "./open-settings.ts";
import { findGateway } from "./tell-gateway.ts";

export interface RemoveOptions {
  readonly channel: string;
  readonly account: string;
  readonly config: string | undefined;
  readonly json: boolean;
}

/** The default account goes with its channel's whole table, unless other accounts stand in it: then its secrets alone go. */
export async function removeAccount(context: CliContext, options: RemoveOptions): Promise<number> {
  const { channel: id, account } = options;
  const { secrets } = await findChannel(context, id);
  const accounts = (await context.channels.configured(options.config)).filter((one) => one.channel === id);
  if (!accounts.some((one) => one.account === account)) {
    const known = accounts.map((one) => one.account).join(", ") || "none";
    throw new CommandFailed({
      type: "notFound",
      message: `The settings have no account “${account}” of ${id}.`,
      advice: `Its accounts are: ${known}.`,
    });
  }
  const gateway = await findGateway(context, options.config);
  const config = await openForChange(context, options);
  const isAlone = accounts.length === 1;
  const own = { accounts: { [account]: null } };
  const section =
    account === "default" ? { ...own, ...Object.fromEntries(secrets.map(({ name }) => [name, null])) } : own;
  const { changed } = await (isAlone ? config.unset(`channels.${id}`) : config.patch({ channels: { [id]: section } }));
  return printAccountChange(context, { ...options, config, changed, gateway, did: "removed" });
}
