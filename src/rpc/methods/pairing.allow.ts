import { Type } from "@sinclair/typebox";
import { closed, defineMethod } from "../method.ts";
import { AllowedRow, ChannelId } from "../pairing-rows.ts";

export const pairingAllow = defineMethod({
  name: "pairing.allow",
  summary: "Lets somebody write to an account directly, by the platform's id of them and without a code.",
  scope: "operator.pairing",
  effect: "idempotent",
  route: { verb: "POST", path: "/pairing/allow" },
  params: Type.Object(
    {
      channel: ChannelId,
      account: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
      senderId: Type.String({
        minLength: 1,
        maxLength: 256,
        pattern: "^[^\\s*]+$",
        description: "Their immutable id.",
      }),
    },
    closed,
  ),
  result: Type.Object({ entry: AllowedRow }),
  handle: async ({ channel, account = "default", senderId }, { services }) => ({
    entry: await services.inbound.pairing.allow({ channel, account, senderId }),
  }),
});
