import { Type } from "@sinclair/typebox";
import { accountParams, AccountsOf, accountsOf } from "../account-rows.ts";
import { closed, defineMethod } from "../method.ts";

export const channelsStart = defineMethod({
  name: "channels.start",
  summary: "Opens the accounts of a channel, or one of them; what is open stays so.",
  scope: "operator.admin",
  effect: "idempotent",
  route: { verb: "POST", path: "/channels/{channel}/start" },
  params: Type.Object(accountParams, closed),
  result: AccountsOf,
  handle: async (where, { services }) => accountsOf(where.channel, await services.accounts.start(where)),
});
