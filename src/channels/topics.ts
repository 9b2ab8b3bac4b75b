import type { Static } from "@sinclair/typebox";
import { type Activation, activationIn } from "./activation.ts";
import type { ChannelSettings, GateSettings, TopicSettings } from "./settings.ts";

type Gate = Static<typeof GateSettings>;
type Topic = Static<typeof TopicSettings>;
type Chat = NonNullable<ChannelSettings["groups"]>[string];

/** The entry of topics that have none of their own. */
const others = "*";

/** What counts in one thread of a chat, or in the chat where there is none. */
export interface Told extends Omit<Gate, "activation" | "requireMention"> {
  readonly activation?: Activation;
  /** Who answers there in place of whoever answers the chat, and which entry says so. */
  readonly agent?: { readonly id: string; readonly topic: string };
}

/** A thread beats its chat in what it says itself, and its own entry that of all topics; but it is off where its chat is. */
export function toldOf({ topics = {}, ...chat }: Chat, thread: string | undefined): Told {
  const found = thread === undefined ? [] : [thread, others].filter((id) => Object.hasOwn(topics, id));
  const entries = found.map((id): readonly [string, Topic] => [id, topics[id] ?? {}]);
  const gates: readonly Gate[] = [...entries.map(([_id, topic]) => topic), chat];
  const activation = first(gates, activationIn);
  const groupPolicy = first(gates, (gate) => gate.groupPolicy);
  const allowFrom = first(gates, (gate) => gate.allowFrom);
  const own = entries.find(([_id, { agentId }]) => agentId !== undefined);
  const isOff = chat.enabled === false || first(gates, ({ enabled }) => enabled) === false;
  return {
    ...(isOff && { enabled: false }),
    ...(activation && { activation }),
    ...(groupPolicy && { groupPolicy }),
    ...(allowFrom && { allowFrom }),
    ...(own?.[1].agentId !== undefined && { agent: { id: own[1].agentId, topic: own[0] } }),
  };
}

/** The agents that topics name, each with its path below the account. */
export function topicAgents(
  settings: Pick<ChannelSettings, "groups" | "guilds" | "channels">,
): readonly { readonly path: readonly string[]; readonly agentId: string }[] {
  return (["groups", "guilds", "channels"] as const).flatMap((table) =>
    Object.entries(settings[table] ?? {}).flatMap(([chat, { topics = {} }]) =>
      Object.entries(topics).flatMap(([topic, { agentId }]) =>
        agentId === undefined ? [] : { path: [table, chat, "topics", topic, "agent_id"], agentId },
      ),
    ),
  );
}

function first<From, To>(all: readonly From[], of: (one: From) => To | undefined): To | undefined {
  for (const one of all) {
    const found = of(one);
    if (found !== undefined) return found;
  }
  return undefined;
}
