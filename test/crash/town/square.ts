/** A place of a platform where people write and the bot answers: a direct chat, a group, a thread. */
export interface Spot {
  readonly platform: string;
  /** The platform's id of it, with the thread's. */
  readonly name: string;
  readonly kind: "direct" | "group";
  /** Another spot of the same people, which is the same conversation. */
  readonly partOf?: string;
  /** Only what names the bot is for it. */
  readonly needsMention: boolean;
  /** The spot of the same platform where a binding passes on what is said here, instead of an answer. */
  readonly passesTo?: string;
  /** Somebody writes there. The returned function tells whether the platform was told that we have it. */
  say(speaker: number, text: string, isMention: boolean): () => boolean;
}

/** A message of the bot, as the people of a spot see it. */
export interface Shown {
  readonly spot: string;
  readonly id: string;
  readonly text: string;
}

/** One platform of the town. */
export interface Square extends AsyncDisposable {
  readonly platform: string;
  /** What a gateway is set with to be there. */
  readonly config: string;
  readonly spots: readonly Spot[];
  /** The bot listens. */
  readonly isHeard: boolean;
  /** Everything that was said was brought as often as the platform brings it. */
  readonly isQuiet: boolean;
  /** In the order in which it was sent. */
  shown(): readonly Shown[];
  /** What was there for a moment: drafts, and what answers said while they grew. */
  glimpses(): readonly Omit<Shown, "id">[];
  /** Something goes wrong there soon. */
  disturb(): void;
}

export function pick<T>(from: readonly T[]): T {
  const found = from[Math.floor(Math.random() * from.length)];
  if (found === undefined) throw new Error("nothing to pick from");
  return found;
}

/** Who is there, and how answers are shown to them. */
export interface Crowd {
  readonly people: readonly number[];
  readonly streaming: Streaming;
}

export type Streaming = "off" | "partial" | "block";

/** Everybody may write, and in some groups only what names the bot is for it. */
export function openTo(
  channel: string,
  table: "groups" | "guilds" | "channels",
  { mentionOnly, streaming }: { readonly mentionOnly: readonly string[]; readonly streaming: Streaming },
): string {
  const groups = [`[channels.${channel}.${table}."*"]`, "require_mention = false"];
  const closed = mentionOnly.flatMap((id) => [`[channels.${channel}.groups."${id}"]`, "require_mention = true"]);
  return [
    'dm_policy = "open"',
    'pace = "off"',
    `streaming = "${streaming}"`,
    'allow_from = ["*"]',
    'group_policy = "open"',
    'group_allow_from = ["*"]',
    ...groups,
    ...closed,
  ].join("\n");
}
