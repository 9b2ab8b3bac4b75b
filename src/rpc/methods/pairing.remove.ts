import { Type } from "@sinclair/typebox";
import { closed, defineMethod } from "../method.ts";
import { ChannelId } from "../pairing-rows.ts";

export const pairingRemove = defineMethod({
  name: "pairing.remove",
  summary: "Takes somebody off the list of an account who was paired or listed; the settings are as they were.",
  scope: "operator.pairing",
  effect: "idempotent",
  route: { verb: "POST", path: "/pairing/remove" },
  params: Type.Object(
    {
      channel: ChannelId,
      account: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
      senderId: Type.String({ minLength: 1, maxLength: 256 }),
    },
    closed,
  ),
  result: Type.Object({ removed: Type.Boolean() }),
  handle: async ({ channel, account = "default", senderId }, { services }) => ({
    removed: await services.inbound.pairing.disallow({ channel, account, senderId }),
  }),
});
