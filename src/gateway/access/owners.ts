import { allScopes, type Scope } from "#protocol";

export interface Identity {
  readonly channel: string;
  readonly account: string;
  readonly senderId: string;
}

/** An id means nothing without the channel that gave it; an entry without an account means them in all of its accounts. */
export function isOwner({ channel, account, senderId }: Identity, owners: readonly string[]): boolean {
  return owners.includes(`${channel}:${senderId}`) || owners.includes(`${channel}/${account}:${senderId}`);
}

/** What the slash commands of who was let in may do. */
export function scopesOf(who: Identity, owners: readonly string[]): ReadonlySet<Scope> {
  return new Set(isOwner(who, owners) ? allScopes : ["operator.write"]);
}
