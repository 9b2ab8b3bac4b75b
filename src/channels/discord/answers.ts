import { Type } from "@sinclair/typebox";
import { Check } from "@sinclair/typebox/value";
import type { APIGatewayBotInfo, APIMessage } from "discord-api-types/v10";

/** What is read of Discord's answers; the rest is not looked at. */
const GatewayInfo = Type.Object({ url: Type.String({ pattern: "^wss?://" }) });

export function isGatewayInfo(answer: unknown): answer is APIGatewayBotInfo {
  return Check(GatewayInfo, answer);
}

/** A thing with an id: a posted message, a user. */
export const Named = Type.Object({ id: Type.String(), username: Type.Optional(Type.String()) });

export const ChannelAnswer = Type.Object({
  id: Type.String(),
  type: Type.Integer(),
  name: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  guild_id: Type.Optional(Type.String()),
  parent_id: Type.Optional(Type.Union([Type.String(), Type.Null()])),
});

export const MemberAnswer = Type.Object({ roles: Type.Array(Type.String()) });

const Message = Type.Object({
  id: Type.String(),
  type: Type.Integer(),
  content: Type.String(),
  timestamp: Type.String(),
  author: Type.Object({ id: Type.String() }),
  attachments: Type.Array(Type.Object({ id: Type.String(), url: Type.String() })),
  mentions: Type.Array(Type.Object({ id: Type.String() })),
  mention_roles: Type.Array(Type.String()),
});
const Messages = Type.Array(Message);

export function isMessage(answer: unknown): answer is APIMessage {
  return Check(Message, answer);
}

export function isMessages(answer: unknown): answer is readonly APIMessage[] {
  return Check(Messages, answer);
}
