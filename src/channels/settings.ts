import { type Static, Type } from "@sinclair/typebox";
import { activationFields } from "./activation.ts";

const idList = (description: string) => Type.Optional(Type.Array(Type.String({ minLength: 1 }), { description }));

const groupPolicy = (description: string) =>
  Type.Optional(
    Type.Union([Type.Literal("open"), Type.Literal("allowlist"), Type.Literal("disabled")], { description }),
  );

/** Who and what comes in at a place. */
export const GateSettings = Type.Object({
  enabled: Type.Optional(Type.Boolean({ description: "False: whatever is said there is not for us." })),
  ...activationFields,
  groupPolicy: groupPolicy("Whose messages start turns there, in place of the account's `group_policy`."),
  allowFrom: idList("Who may start turns there, in place of the account's `group_allow_from`."),
});

/** What may be said of one thread. */
export const TopicSettings = Type.Object({
  ...GateSettings.properties,
  agentId: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 64,
      description: "Who answers there, in place of the agent that the bindings choose.",
    }),
  ),
});

/** What may be said of one group, guild or channel, by the platform's id of it. */
const GroupSettings = Type.Object({
  ...GateSettings.properties,
  topics: Type.Optional(
    Type.Record(Type.String(), TopicSettings, {
      description:
        "Threads of it, like the topics of a forum, by their id, or “*” for those without an entry; what one does not say counts as above.",
    }),
  ),
});

const groups = (description: string) => Type.Optional(Type.Record(Type.String(), GroupSettings, { description }));

/**
 * What every channel and every account of one can be set with. Nothing has a default here, because an account beats its
 * channel only in what it says itself; who reads a setting knows what is meant where nobody said anything.
 */
export const channelSettings = {
  enabled: Type.Optional(Type.Boolean({ description: "False: it is not opened." })),
  dmPolicy: Type.Optional(
    Type.Union([Type.Literal("pairing"), Type.Literal("allowlist"), Type.Literal("open"), Type.Literal("disabled")], {
      description:
        "Who may write to us directly. pairing (default): strangers get a code that an operator approves; open: everybody, when `allow_from` has “*”.",
    }),
  ),
  allowFrom: idList("The platform's immutable ids of people who may write to us directly; names mean nothing here."),
  groupPolicy: groupPolicy("Whose messages in groups start turns. allowlist (default): those of `group_allow_from`."),
  groupAllowFrom: idList("The platform's immutable ids of people who may start turns in groups."),
  groups: groups("Groups, by their id."),
  guilds: groups("Discord's guilds, by their id."),
  channels: groups("Slack's channels, by their id."),
  streaming: Type.Optional(
    Type.Union([Type.Literal("off"), Type.Literal("partial"), Type.Literal("block")], {
      description:
        "Whether an answer is shown while it grows. partial: as it is written; block: by whole paragraphs; off unless set.",
    }),
  ),
  pace: Type.Optional(
    Type.Union([Type.Literal("platform"), Type.Literal("off")], {
      description:
        "How fast messages go out. platform (unless set): as the platform advises; off: as fast as it takes them, which is for platforms of your own.",
    }),
  ),
  reactionNotifications: Type.Optional(
    Type.Union([Type.Literal("off"), Type.Literal("own"), Type.Literal("all")], {
      description:
        "Which reactions of people who may write to us the model is told of with the next message: to its own messages (unless set), all, or none.",
    }),
  ),
  replyTo: Type.Optional(
    Type.Union([Type.Literal("off"), Type.Literal("first"), Type.Literal("all")], {
      description: "Which pieces of an answer are shown as replies to the message; off unless set.",
    }),
  ),
};

const ChannelSettings = Type.Object(channelSettings);
/** Of one account: what it says itself, and where it says nothing, what its channel says. */
export type ChannelSettings = Static<typeof ChannelSettings>;
