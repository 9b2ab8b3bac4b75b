/** Either the one canonical spelling and what it says, or why the text is no key. */
export type ParsedSessionKey =
  | {
      readonly ok: true;
      readonly key: string;
      readonly agentId: string;
      /** The channel the key names; `internal` where it names none. */
      readonly channel: string;
      /** The person of a direct conversation, or the group or channel. */
      readonly peerId?: string;
    }
  | { readonly ok: false; readonly because: string };

const mostCharacters = 512;
const mostNameCharacters = 64;
const internalChannel = "internal";

/**
 * Reads a session key in any spelling that clients and other gateways use, and answers with the canonical one, which is
 * the original's of 2026.9:
 *
 * - `agent:<agent>:main` and any other word in place of `main`
 * - `agent:<agent>[:<channel>[:<account>]]:direct:<peer>`
 * - `agent:<agent>[:<channel>[:<account>]]:(group|channel):<id>[:(topic|thread):<id>]`
 * - `agent:<agent>:(cron|hook|node|subagent|explicit|…):<id>`, and whatever else has that form
 *
 * Everything is in lower case. Peers and ids may hold colons. Also understood: no `agent:` part (the default agent), `dm`
 * for `direct`, `<channel>:<account>:<peer>`, `channel:<channel>:account:<account>:<kind>:<peer>`, and
 * `<channel>:<chat>` without an agent. Reading a canonical key gives that key.
 */
export function parseSessionKey(text: string, defaults: { readonly agentId: string }): ParsedSessionKey {
  const problem = problemOf(text);
  if (problem !== undefined) return { ok: false, because: problem };
  const lower = text.toLowerCase();
  const parts = /\s/.test(lower) ? lower.split(":").map((part) => part.trim()) : lower.split(":");
  if (parts.includes("")) return { ok: false, because: "a session key has no empty parts" };
  const isAddressed = parts[0] === "agent" && parts.length > 1;
  const agentId = asName((isAddressed ? parts[1] : undefined) ?? defaults.agentId);
  const rest = isAddressed ? parts.slice(2) : parts;
  const place = readPlace(rest, isAddressed);
  const key = ["agent", agentId, ...written(place)].join(":");
  if (key.length > mostCharacters) return { ok: false, because: tooLong };
  return { ok: true, key, agentId, channel: place.channel ?? internalChannel, ...peerOf(place) };
}

/** Writes the key of a conversation on a channel. */
export function formatSessionKey(place: {
  readonly agentId: string;
  readonly channel: string;
  readonly account?: string;
  readonly kind: "direct" | "group" | "channel";
  readonly peer: string;
  readonly thread?: { readonly kind: "topic" | "thread"; readonly id: string };
}): ParsedSessionKey {
  const { agentId, channel, account, kind, peer, thread } = place;
  const spot = [asName(channel), ...(account === undefined ? [] : [asName(account)]), kind, peer];
  return parseSessionKey(["agent", agentId, ...spot, ...(thread ? [thread.kind, thread.id] : [])].join(":"), {
    agentId,
  });
}

/** The agent of a canonical key. */
export function agentOf(key: string): string {
  return key.split(":", 2)[1] ?? "";
}

/** Where a conversation takes place, by the part of the key behind the agent. */
interface Place {
  readonly channel?: string;
  readonly account?: string;
  /** Without a kind, `id` is the whole. */
  readonly kind?: string;
  readonly id: readonly string[];
}

const tooLong = `a session key has at most ${mostCharacters} characters`;
const directWords: readonly string[] = ["direct", "dm"];
const groupWords: readonly string[] = ["group", "channel"];
const threadWords: readonly string[] = ["topic", "thread"];

/** First words that name no channel, so that what follows them is an id and not an account. */
const ownWords: ReadonlySet<string> = new Set(
  ["main", "global", "unknown", "cron", "hook", "node", "subagent", "explicit", "acp", "voice", "agent"].concat(
    directWords,
    groupWords,
    threadWords,
  ),
);

function readPlace(rest: readonly string[], isAddressed: boolean): Place {
  if (rest.length === 0) return { id: ["main"] };
  return spelledOut(rest) ?? canonical(rest) ?? withoutKind(rest, isAddressed) ?? { id: rest };
}

/** `channel:<channel>:account:<account>:<kind>:<peer>`, the spelling of openclaw-rs. Its account `default` says nothing about a group. */
function spelledOut([first, channel, second, account, kind, ...id]: readonly string[]): Place | undefined {
  if (first !== "channel" || second !== "account" || id.length === 0) return undefined;
  if (!isChannel(channel) || account === undefined || isKind(account) || kind === undefined) return undefined;
  if (directWords.includes(kind) || kind === "user") return { channel, account: asName(account), kind: "direct", id };
  if (!isKind(kind)) return undefined;
  return { channel, ...(account === "default" ? {} : { account: asName(account) }), kind, id };
}

/** `[<channel>[:<account>]]:<kind>:<id>`, with the older word for `direct`. */
function canonical(rest: readonly string[]): Place | undefined {
  const at = rest.findIndex(isKind);
  const [channel, account] = rest.slice(0, Math.max(0, at));
  const id = rest.slice(at + 1);
  if (at < 0 || at > 2 || id.length === 0 || (at > 0 && !isChannel(channel))) return undefined;
  const kind = directWords.includes(rest[at] ?? "") ? "direct" : rest[at];
  return {
    ...(channel === undefined ? {} : { channel }),
    ...(account === undefined ? {} : { account: asName(account) }),
    ...(kind === undefined ? {} : { kind }),
    id,
  };
}

/** `<channel>:<account>:<peer>`; and where no agent is named, `<channel>:<chat>`, whose chat may hold colons. */
function withoutKind(rest: readonly string[], isAddressed: boolean): Place | undefined {
  const [channel, account, ...id] = rest;
  if (!isChannel(channel) || account === undefined) return undefined;
  if (id.length === 1 && isName(account) && !threadWords.includes(account))
    return { channel, account, kind: "direct", id };
  return isAddressed ? undefined : { channel, kind: "direct", id: rest.slice(1) };
}

function written({ channel, account, kind, id }: Place): string[] {
  return [channel, account, kind, ...id].filter((part) => part !== undefined);
}

function peerOf({ kind, id }: Place): { readonly peerId?: string } {
  if (kind === undefined) return {};
  const thread = id.length > 2 && threadWords.includes(id.at(-2) ?? "") ? 2 : 0;
  return { peerId: (kind === "direct" ? id : id.slice(0, id.length - thread)).join(":") };
}

function isChannel(part: string | undefined): part is string {
  return part !== undefined && isName(part) && !ownWords.has(part);
}

function isKind(part: string): boolean {
  return directWords.includes(part) || groupWords.includes(part);
}

function isName(part: string): boolean {
  return /^[a-z0-9_-]{1,64}$/.test(part);
}

/** Agents and accounts have plain names, because they also name folders and settings. */
function asName(part: string): string {
  if (isName(part)) return part;
  return part
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]/g, "-")
    .slice(0, mostNameCharacters);
}

function problemOf(text: string): string | undefined {
  if (text.length > mostCharacters) return tooLong;
  if (!text.isWellFormed()) return "a session key is well-formed Unicode";
  if (/[\p{Cc}\p{Cf}\u2028\u2029]/u.test(text)) return "a session key has no control or invisible characters";
  return undefined;
}
