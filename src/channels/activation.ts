import { type Static, Type } from "@sinclair/typebox";

/** What starts a turn in a group: only what names us or answers us, or everything that is said. */
export const Activation = Type.Union([Type.Literal("mention"), Type.Literal("always")]);
export type Activation = Static<typeof Activation>;

/** One thing by two names, as people know it from either. */
export const activationFields = {
  requireMention: Type.Optional(
    Type.Boolean({ description: "Only what names us or answers us starts a turn; true unless set." }),
  ),
  activation: Type.Optional(
    Type.Union(Activation.anyOf, {
      description: "The same by its other name. mention: `require_mention = true`; always: `require_mention = false`.",
    }),
  ),
};

interface Asks {
  readonly requireMention?: boolean;
  readonly activation?: Activation;
}

/** Undefined where nothing is said of it. Where the two names disagree, the one that lets less in counts. */
export function activationIn({ requireMention, activation }: Asks): Activation | undefined {
  if (requireMention === true || activation === "mention") return "mention";
  return requireMention === false || activation === "always" ? "always" : undefined;
}

type Chat = Asks & { readonly topics?: Readonly<Record<string, Asks>> };
type Chats = Readonly<Record<string, Chat>>;

/** The first entry whose two names say different things, as a path below the account; undefined where there is none. */
export function disagreement(settings: {
  readonly groups?: Chats;
  readonly guilds?: Chats;
  readonly channels?: Chats;
}): readonly string[] | undefined {
  for (const table of ["groups", "guilds", "channels"] as const) {
    for (const [id, chat] of Object.entries(settings[table] ?? {})) {
      if (disagrees(chat)) return [table, id];
      const topic = Object.entries(chat.topics ?? {}).find(([, asks]) => disagrees(asks))?.[0];
      if (topic !== undefined) return [table, id, "topics", topic];
    }
  }
  return undefined;
}

function disagrees({ requireMention, activation }: Asks): boolean {
  return requireMention !== undefined && activation !== undefined && requireMention !== (activation === "mention");
}
