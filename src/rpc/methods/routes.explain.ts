import { type Static, Type } from "@sinclair/typebox";
import { Address } from "#protocol";
import { closed, defineMethod } from "../method.ts";
import { ChannelId } from "../pairing-rows.ts";

const Id = Type.String({ minLength: 1, maxLength: 256 });

const Heard = Type.Object({ agentId: Type.String(), sessionKey: Type.String() });

const Tried = Type.Object({
  binding: Type.Integer({ description: "Its place in the settings, from 0." }),
  rule: Type.String(),
  isMatch: Type.Boolean(),
  because: Type.String(),
});

const Params = Type.Object(
  {
    channel: ChannelId,
    peer: Type.String({ minLength: 1, maxLength: 256, description: "The platform's id of the chat." }),
    kind: Type.Optional(Type.Union([Type.Literal("direct"), Type.Literal("group"), Type.Literal("channel")])),
    account: Type.Optional(Id),
    sender: Type.Optional(Id),
    thread: Type.Optional(Id),
    parent: Type.Optional(Id),
    guild: Type.Optional(Id),
    role: Type.Optional(Id),
    text: Type.Optional(Type.String({ maxLength: 4_000 })),
  },
  closed,
);

export const routesExplain = defineMethod({
  name: "routes.explain",
  summary: "Where a message from there would go, by which binding, and why not by the others.",
  scope: "operator.read",
  effect: "none",
  route: { verb: "GET", path: "/routes/explain" },
  params: Params,
  result: Type.Object({
    agentId: Type.String(),
    action: Type.String(),
    sessionKey: Type.String(),
    to: Type.Optional(Type.Object(Address.properties, { description: "Where it would be passed on to." })),
    topic: Type.Optional(
      Type.Object(
        { agentId: Type.String(), setting: Type.String() },
        { description: "The thread has an agent of its own, by this setting of its chat." },
      ),
    ),
    gate: Type.Optional(
      Type.Object(
        { may: Type.Boolean(), because: Type.String(), activation: Type.String() },
        { description: "In a group, for a `sender`: whether they may start a turn there, and what starts one." },
      ),
    ),
    broadcast: Type.Optional(
      Type.Object(
        {
          strategy: Type.String(),
          answering: Type.Array(Heard),
          silent: Type.Array(Type.String(), { description: "Agents that hear it only when nobody else is named." }),
        },
        { description: "Where several agents hear the chat." },
      ),
    ),
    decidedBy: Type.Optional(Tried),
    others: Type.Array(Tried),
  }),
  handle: async (params, { services }) => {
    const { route, sessionKey, to, topic, gate, broadcast, decidedBy, others } = await services.inbound.explain(
      travellerOf(params),
    );
    const { agentId, action } = route;
    return {
      agentId,
      action,
      sessionKey,
      ...(to && { to }),
      ...(topic && { topic }),
      ...(gate && params.sender !== undefined && { gate }),
      ...(broadcast && {
        broadcast: { ...broadcast, answering: [...broadcast.answering], silent: [...broadcast.silent] },
      }),
      ...(decidedBy && { decidedBy }),
      others: [...others],
    };
  },
});

function travellerOf(params: Static<typeof Params>) {
  const { channel, peer, kind = "direct", account = "default", sender = peer, thread, parent, guild, role } = params;
  return {
    from: { channel, account, chat: peer, ...(thread !== undefined && { thread }) },
    place: {
      kind,
      ...(parent !== undefined && { parentChat: parent }),
      ...(guild !== undefined && { guild }),
      ...(role !== undefined && { roles: [role] }),
    },
    senderId: sender,
    text: params.text ?? "",
  };
}
