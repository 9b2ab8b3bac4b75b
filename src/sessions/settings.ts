import { Type } from "@sinclair/typebox";

/** The `[sessions]` part of the configuration. */
export const sessionSettings = Type.Object({
  cacheMegabytes: Type.Integer({
    minimum: 0,
    maximum: 1_024,
    default: 8,
    restart: true,
    description:
      "Memory for sessions that nobody is using now; the others are read from the disk when they are needed.",
  }),
  dmScope: Type.Union(
    [
      Type.Literal("main"),
      Type.Literal("per-peer"),
      Type.Literal("per-channel-peer"),
      Type.Literal("per-account-channel-peer"),
    ],
    {
      default: "main",
      description: "Which direct chats share a conversation: all of them, those of one person, or none.",
    },
  ),
  identityLinks: Type.Record(Type.String(), Type.Array(Type.String({ minLength: 1 })), {
    default: {},
    description: "A name, and the `<channel>:<id>` of all accounts that this person has; not used in the scope main.",
  }),
});
