import { Type } from "@sinclair/typebox";
import { closed, defineMethod } from "../method.ts";
import { AccountName, AllowedRow, ChannelId, ChannelPairingRow, whereOf } from "../pairing-rows.ts";

export const pairingList = defineMethod({
  name: "pairing.list",
  summary: "The people of the channels who wait to be let in, and those who were.",
  scope: "operator.pairing",
  effect: "none",
  route: { verb: "GET", path: "/pairing" },
  params: Type.Object({ channel: Type.Optional(ChannelId), account: Type.Optional(AccountName) }, closed),
  result: Type.Object({ pending: Type.Array(ChannelPairingRow), allowed: Type.Array(AllowedRow) }),
  handle: async (params, { services: { inbound } }) => {
    const where = whereOf(params);
    const [pending, allowed] = await Promise.all([inbound.pairing.list(where), inbound.pairing.allowed(where)]);
    return {
      pending: pending.map(({ from: _from, isTold: _isTold, ...row }) => row),
      allowed: [...allowed],
    };
  },
});
