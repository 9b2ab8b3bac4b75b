import { Type } from "@sinclair/typebox";
import { accountParams, AccountsOf, accountsOf } from "../account-rows.ts";
import { closed, defineMethod } from "../method.ts";

export const channelsRestart = defineMethod({
  name: "channels.restart",
  summary: "Closes the accounts of a channel, or one of them, and opens them anew.",
  scope: "operator.admin",
  effect: "once",
  route: { verb: "POST", path: "/channels/{channel}/restart" },
  params: Type.Object(accountParams, closed),
  result: AccountsOf,
  handle: async (where, { services }) => accountsOf(where.channel, await services.accounts.restart(where)),
});
