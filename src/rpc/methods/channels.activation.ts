import { type Static, Type } from "@sinclair/typebox";
import { closed, defineMethod } from "../method.ts";
import { ChannelId } from "../pairing-rows.ts";

const Id = Type.String({ minLength: 1, maxLength: 256 });

/** What starts a turn in a group, by the names that people use for it. */
export const Activation = Type.Union([Type.Literal("mention"), Type.Literal("always")]);
export type Activation = Static<typeof Activation>;

export const channelsActivation = defineMethod({
  name: "channels.activation",
  summary: "Says what starts a turn in a group, stronger than the settings, until another is said; null takes it back.",
  scope: "operator.admin",
  effect: "idempotent",
  route: { verb: "POST", path: "/channels/{channel}/activation" },
  params: Type.Object(
    {
      channel: ChannelId,
      account: Type.Optional(Id),
      chat: Type.String({ minLength: 1, maxLength: 256, description: "The platform's id of the group." }),
      thread: Type.Optional(Id),
      activation: Type.Optional(
        Type.Union([...Activation.anyOf, Type.Null()], { description: "Left out, what was said is told." }),
      ),
    },
    closed,
  ),
  result: Type.Object({
    activation: Type.Optional(
      Type.Union(Activation.anyOf, { description: "Absent where nothing was said, and the settings count." }),
    ),
  }),
  handle: async ({ channel, account = "default", chat, thread, activation: said }, { services }) => {
    const { activations } = services.inbound;
    const at = { channel, account, chat, ...(thread !== undefined && { thread }) };
    if (said !== undefined) await activations.keep(at, said ?? undefined);
    const activation = await activations.kept(at);
    return activation === undefined ? {} : { activation };
  },
});
