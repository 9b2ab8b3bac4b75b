import { mentionPatterns } from "#agent";
import { type Static, Type } from "@sinclair/typebox";

const Id = Type.String({ minLength: 1, maxLength: 256 });

const Peer = Type.Object({
  kind: Type.Union([Type.Literal("direct"), Type.Literal("group"), Type.Literal("channel")]),
  id: Type.String({ minLength: 1, maxLength: 256, description: "The platform's id of the chat, or “*”." }),
});

/** Where a message is passed on to. */
const Target = Type.Object({
  channel: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
  account: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: "`default` when left out." })),
  chat: Type.Optional(Type.String({ minLength: 1, maxLength: 256, description: "The platform's id of the chat." })),
  thread: Type.Optional(Id),
});

/** One rule of where a message goes. All that `match` says must be so. */
export const Binding = Type.Object({
  agentId: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
  match: Type.Object({
    channel: Type.String({ minLength: 1, maxLength: 64 }),
    accountId: Type.Optional(
      Type.String({ minLength: 1, description: "“*” for every account; `default` when left out." }),
    ),
    peer: Type.Optional(Peer),
    parentPeer: Type.Optional(Peer),
    guildId: Type.Optional(Id),
    roles: Type.Optional(Type.Array(Id, { minItems: 1, description: "The sender has one of these." })),
    teamId: Type.Optional(Id),
    pattern: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 256,
        description: "A glob (* and ?) that the whole text of the message fits.",
      }),
    ),
  }),
  action: Type.Optional(
    Type.Union(
      [
        Type.Literal("agent"),
        Type.Literal("drop"),
        Type.Literal("reply"),
        Type.Literal("forward"),
        Type.Literal("webhook"),
      ],
      {
        description:
          "agent (default): a turn answers; drop: nothing happens; reply: `text` is the answer; forward: it is passed on to the chat `to`; webhook: it is posted, as JSON, over the webhook account of `to`.",
      },
    ),
  ),
  to: Type.Optional(Target),
  text: Type.Optional(Type.String({ minLength: 1, maxLength: 4_000, description: "What `reply` says." })),
});
export type Binding = Static<typeof Binding>;

/** The `[[bindings]]` of the configuration: which agent answers whom, the most exact first. */
export const bindingsSettings = Type.Array(Binding, { default: [] });

const Participants = Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { minItems: 1, maxItems: 16 });

const Group = Type.Union(
  [
    Participants,
    Type.Object(
      {
        agents: Participants,
        mentionGating: Type.Optional(
          Type.Boolean({ description: "true (default): who is named answers alone; false: all of them, always." }),
        ),
      },
      { additionalProperties: false },
    ),
  ],
  {
    description:
      "The agents that all hear the messages of a chat, by `<channel>:<platform's id of the chat>` or the id alone.",
  },
);

type Strategy = "parallel" | "sequential";

export type BroadcastSettings = { readonly strategy: Strategy } & {
  readonly [chat: string]: Strategy | Static<typeof Group>;
};

/** The `[broadcast]` part of the configuration. */
export const broadcastSettings = Type.Unsafe<BroadcastSettings>(
  Type.Object(
    {
      strategy: Type.Union([Type.Literal("parallel"), Type.Literal("sequential")], {
        default: "parallel",
        description: "sequential: each agent begins when the one before it has ended.",
      }),
    },
    { additionalProperties: Group },
  ),
);

/** The `[commands]` part of the configuration. */
export const commandsSettings = Type.Object({
  ownerAllowFrom: Type.Array(Type.String({ pattern: "^[a-z0-9_-]+(/[^:]+)?:.+$" }), {
    default: [],
    description:
      "Who owns this gateway, as `<channel>:<id>` or `<channel>/<account>:<id>`: their slash commands may do what an operator may.",
  }),
  native: Type.Boolean({
    default: true,
    description:
      "Telegram's menu and Discord's slash commands show our commands. False: they are taken away there; typed, they work all the same.",
  }),
});

/** The `[messages]` part of the configuration. */
export const messagesSettings = Type.Object({
  ackReaction: Type.Optional(
    Type.String({ minLength: 1, maxLength: 64, description: "The emoji that a message gets when it was taken." }),
  ),
  inbound: Type.Object(
    {
      debounceMs: Type.Integer({
        minimum: 0,
        maximum: 10_000,
        default: 0,
        description: "How long to wait for more from the same person, to answer all of it at once.",
      }),
    },
    { default: {} },
  ),
  groupChat: Type.Optional(Type.Object({ mentionPatterns: Type.Optional(mentionPatterns) })),
  groupHistory: Type.Integer({
    minimum: 0,
    maximum: 200,
    default: 20,
    description: "As many messages of a group that were not for us are shown to the model before the one that is.",
  }),
});

export type InboundSettings = {
  readonly bindings: readonly Binding[];
  readonly commands: Pick<Static<typeof commandsSettings>, "ownerAllowFrom">;
  readonly messages: Static<typeof messagesSettings>;
  readonly session: DmSessions;
  readonly agents?: { readonly list: readonly Respondent[] };
  readonly broadcast?: BroadcastSettings;
};

/** An agent, as far as those who write to it need to know. */
export interface Respondent {
  readonly id: string;
  readonly name?: string;
  readonly groupChat?: { readonly mentionPatterns?: readonly string[] };
}

export interface DmSessions {
  readonly dmScope: "main" | "per-peer" | "per-channel-peer" | "per-account-channel-peer";
  /** A name of ours to the `<channel>:<id>` of all that one person is. */
  readonly identityLinks: Readonly<Record<string, readonly string[]>>;
}
