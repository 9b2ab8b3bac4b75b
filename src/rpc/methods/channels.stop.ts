import { Type } from "@sinclair/typebox";
import { accountParams, AccountsOf, accountsOf } from "../account-rows.ts";
import { closed, defineMethod } from "../method.ts";

export const channelsStop = defineMethod({
  name: "channels.stop",
  summary: "Closes the accounts of a channel, or one of them, until they are started again or the gateway is.",
  scope: "operator.admin",
  effect: "idempotent",
  route: { verb: "POST", path: "/channels/{channel}/stop" },
  params: Type.Object(accountParams, closed),
  result: AccountsOf,
  handle: async (where, { services }) => accountsOf(where.channel, await services.accounts.stop(where)),
});
