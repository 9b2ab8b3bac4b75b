import { Type } from "@sinclair/typebox";
import { permits } from "#protocol";
import { closed, defineMethod, type MethodContext } from "../method.ts";
import { AccountName, AllowedRow, ChannelId, PairingCode } from "../pairing-rows.ts";

export const pairingApprove = defineMethod({
  name: "pairing.approve",
  summary: "Lets somebody write to an account of a channel directly, by the code that they were told.",
  scope: "operator.pairing",
  effect: "once",
  route: { verb: "POST", path: "/pairing/approve" },
  params: Type.Object(
    {
      channel: ChannelId,
      code: PairingCode,
      account: Type.Optional(AccountName),
      notify: Type.Optional(Type.Boolean({ description: "Tells them in the chat where they were told the code." })),
      ownsIfFirst: Type.Optional(
        Type.Boolean({
          description: "Makes them the owner where there is none yet; of callers with operator.admin alone.",
        }),
      ),
    },
    closed,
  ),
  result: Type.Object({
    entry: AllowedRow,
    isOwner: Type.Boolean({ description: "They are the owner from now on." }),
    isTold: Type.Boolean({ description: "The message to them is on its way." }),
  }),
  handle: async ({ channel, code, account, ownsIfFirst = false, notify = false }, context) => {
    const { pairing } = context.services.inbound;
    const { entry, isTold } = notify
      ? await pairing.approveAndTell(channel, code, account)
      : { entry: await pairing.approve(channel, code, account), isTold: false };
    return { entry, isOwner: ownsIfFirst && (await becomesOwner(entry, context)), isTold };
  },
});

/** Who may not write settings makes no owners: an owner may do what an operator may. */
async function becomesOwner(entry: AllowedRow, { services: { config }, caller }: MethodContext): Promise<boolean> {
  if (!permits(caller.scopes, "operator.admin")) return false;
  const owners = config.get("commands.ownerAllowFrom");
  if (!Array.isArray(owners) || owners.length > 0) return false;
  const { channel, account, senderId } = entry;
  await config.set("commands.ownerAllowFrom", [`${channel}/${account}:${senderId}`]);
  return true;
}
