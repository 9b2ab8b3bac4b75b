import { Type } from "@sinclair/typebox";
import { closed, defineMethod } from "../method.ts";
import { AccountName, ChannelId, PairingCode } from "../pairing-rows.ts";

export const pairingReject = defineMethod({
  name: "pairing.reject",
  summary: "Turns somebody away who waits to be let in; they may ask again.",
  scope: "operator.pairing",
  effect: "once",
  route: { verb: "POST", path: "/pairing/reject" },
  params: Type.Object({ channel: ChannelId, code: PairingCode, account: Type.Optional(AccountName) }, closed),
  result: Type.Object({ channel: Type.String(), account: Type.String(), senderId: Type.String() }),
  handle: async ({ channel, code, account }, { services }) => {
    const { senderId, ...request } = await services.inbound.pairing.reject(channel, code, account);
    return { channel, account: request.account, senderId };
  },
});
