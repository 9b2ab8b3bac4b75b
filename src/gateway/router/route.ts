import type { Place } from "#channels";
import type { Address } from "#protocol";
import type { Binding } from "../settings.ts";
import { defaultAccount } from "../line.ts";
import { fitsGlob } from "./glob.ts";

/** What a route is found by. */
export interface Traveller {
  readonly from: Address;
  readonly place: Place;
  readonly text: string;
}

export interface Route {
  readonly agentId: string;
  readonly action: NonNullable<Binding["action"]>;
  /** What `reply` says. */
  readonly text?: string;
  /** Where `forward` and `webhook` pass it on to. */
  readonly to?: NonNullable<Binding["to"]>;
}

/** Why a binding did, or did not, decide. */
export interface Explained {
  /** Its place in the settings, from 0. */
  readonly binding: number;
  readonly rule: RuleName;
  readonly isMatch: boolean;
  readonly because: string;
}

const rules = [
  "peer",
  "parentPeer",
  "anyPeer",
  "guildAndRoles",
  "guild",
  "team",
  "account",
  "channel",
] as const satisfies readonly string[];
type RuleName = (typeof rules)[number];

/**
 * The most exact binding wins, among equals the first: chat, chat of the thread, any chat of the kind, guild with roles,
 * guild, team, account, channel. Where none fits, the default agent answers.
 */
export function findRoute(
  traveller: Traveller,
  bindings: readonly Binding[],
  fallbackAgentId: string,
): { readonly route: Route; readonly decidedBy: Explained | undefined; readonly others: readonly Explained[] } {
  const tried = bindings
    .map((binding, at) => explain(binding, at, traveller))
    .toSorted((a, b) => rules.indexOf(a.rule) - rules.indexOf(b.rule) || a.binding - b.binding);
  const decidedBy = tried.find(({ isMatch }) => isMatch);
  const binding = decidedBy && bindings[decidedBy.binding];
  const others = tried
    .filter((one) => one !== decidedBy)
    .map((one) => (one.isMatch ? { ...one, because: "it fits too, and comes later" } : one));
  const { agentId = fallbackAgentId, action = "agent", text, to } = binding ?? {};
  return { route: { agentId, action, ...(text !== undefined && { text }), ...(to && { to }) }, decidedBy, others };
}

/** A binding belongs to the most exact thing that it asks for, and all that it asks for must be so. */
function explain({ match }: Binding, binding: number, traveller: Traveller): Explained {
  const misses = conditions.flatMap((condition) => condition(match, traveller) ?? []);
  return {
    binding,
    rule: ruleOf(match, isOfThread(match, traveller)),
    isMatch: misses.length === 0,
    because: misses.join("; ") || "all it asks for is so",
  };
}

/** Each says why it is not so; undefined when it is, or is not asked for. */
type Condition = (match: Binding["match"], traveller: Traveller) => string | undefined;

const conditions: readonly Condition[] = [
  ({ channel }, { from }) => miss(channel === from.channel, `the channel is ${from.channel}`),
  ({ accountId = defaultAccount }, { from: { account = defaultAccount } }) =>
    miss(accountId === "*" || accountId === account, `the account is ${account}`),
  (match, traveller) => {
    const { from, place } = traveller;
    const chat = isOfThread(match, traveller) ? place.parentChat : from.chat;
    return miss(isPeer(match.peer, place.kind, chat), `the chat is ${place.kind} ${from.chat}`);
  },
  ({ parentPeer }, { place: { kind, parentChat } }) =>
    miss(isPeer(parentPeer, kind, parentChat), `it lies in ${parentChat ?? "no other chat"}`),
  ({ guildId = "" }, { place: { guild = "none" } }) =>
    miss(guildId === "" || guildId === guild, `the guild is ${guild}`),
  ({ teamId = "" }, { place: { guild = "none" } }) => miss(teamId === "" || teamId === guild, `the team is ${guild}`),
  ({ roles }, { place }) =>
    miss(roles?.some((role) => place.roles?.includes(role)) ?? true, "the sender has none of the roles"),
  ({ pattern = "*" }, { text }) => miss(fitsGlob(pattern, text), "the text does not fit the pattern"),
];

function miss(isSo: boolean, because: string): string | undefined {
  return isSo ? undefined : because;
}

/** A binding of a chat is one of its threads, too. */
function isOfThread({ peer }: Binding["match"], { from, place }: Traveller): boolean {
  return peer !== undefined && peer.id === place.parentChat && peer.id !== from.chat;
}

function isPeer(peer: Binding["match"]["peer"], kind: string, id: string | undefined): boolean {
  return peer === undefined || (peer.kind === kind && (peer.id === "*" || peer.id === id));
}

function ruleOf(match: Binding["match"], isThread: boolean): RuleName {
  if (match.parentPeer !== undefined || isThread) return "parentPeer";
  if (match.peer !== undefined) return match.peer.id === "*" ? "anyPeer" : "peer";
  if (match.guildId !== undefined) return match.roles ? "guildAndRoles" : "guild";
  if (match.teamId !== undefined) return "team";
  return match.accountId === "*" ? "channel" : "account";
}
