import { allScopes, type Scope } from "#protocol";
import { defaultAccount } from "../line.ts";

export interface Identity {
  readonly channel: string;
  readonly account: string;
  readonly senderId: string;
}

/** How an owner is written down: an id means nothing without the channel that gave it. */
export function ownerName({ channel, account, senderId }: Identity): string {
  return account === defaultAccount ? `${channel}:${senderId}` : `${channel}/${account}:${senderId}`;
}

/** An entry without an account means the person wherever the channel gives the same id. */
export function isOwner(who: Identity, owners: readonly string[]): boolean {
  return owners.includes(ownerName(who)) || owners.includes(`${who.channel}:${who.senderId}`);
}

/** What the slash commands of who was let in may do. */
export function scopesOf(who: Identity, owners: readonly string[]): ReadonlySet<Scope> {
  return new Set(isOwner(who, owners) ? allScopes : ["operator.write"]);
}
