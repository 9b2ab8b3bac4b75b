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
  readonly action: "agent" | "drop" | "reply";
  /** What `reply` says. */
  readonly text?: string;
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
 * guild, team, account, channel. Where none fits, the one agent there is answers.
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
  const { agentId = fallbackAgentId, action = "agent", text } = binding ?? {};
  return { route: { agentId, action, ...(text !== undefined && { text }) }, decidedBy, others };
}

/** A binding belongs to the most exact thing that it asks for, and all that it asks for must be so. */
function explain({ match }: Binding, binding: number, { from, place, text }: Traveller): Explained {
  const account = from.account ?? defaultAccount;
  const isOfThread = match.peer !== undefined && match.peer.id === place.parentChat && match.peer.id !== from.chat;
  const rule = ruleOf(match, isOfThread);
  const { accountId = defaultAccount, peer, parentPeer, guildId, teamId, roles, pattern } = match;
  const misses = [
    match.channel !== from.channel && `the channel is ${from.channel}`,
    accountId !== "*" && accountId !== account && `the account is ${account}`,
    peer && !isOfThread && !isPeer(peer, place.kind, from.chat) && `the chat is ${place.kind} ${from.chat}`,
    peer && isOfThread && peer.kind !== place.kind && `the chat is a ${place.kind}`,
    parentPeer && !isPeer(parentPeer, place.kind, place.parentChat) && `it lies in ${place.parentChat ?? "no other chat"}`,
    guildId !== undefined && guildId !== place.guild && `the guild is ${place.guild ?? "none"}`,
    teamId !== undefined && teamId !== place.guild && `the team is ${place.guild ?? "none"}`,
    roles && !roles.some((role) => place.roles?.includes(role)) && "the sender has none of the roles",
    pattern !== undefined && !fitsGlob(pattern, text) && "the text does not fit the pattern",
  ].filter((miss) => typeof miss === "string");
  return { binding, rule, isMatch: misses.length === 0, because: misses.join("; ") || "all it asks for is so" };
}

function isPeer(peer: { readonly kind: string; readonly id: string }, kind: string, id: string | undefined): boolean {
  return peer.kind === kind && (peer.id === "*" || peer.id === id);
}

function ruleOf(match: Binding["match"], isOfThread: boolean): RuleName {
  if (match.parentPeer !== undefined || isOfThread) return "parentPeer";
  if (match.peer !== undefined) return match.peer.id === "*" ? "anyPeer" : "peer";
  if (match.guildId !== undefined) return match.roles ? "guildAndRoles" : "guild";
  if (match.teamId !== undefined) return "team";
  return match.accountId === "*" ? "channel" : "account";
}
