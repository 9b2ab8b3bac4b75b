import { allScopes, permits, type Scope } from "#protocol";

/** Does who holds these scopes hold all that is wanted? */
export function covers(held: ReadonlySet<Scope>, wanted: readonly Scope[]): boolean {
  return wanted.every((scope) => permits(held, scope));
}

/** Each scope once, in the order of the protocol's list. */
export function united(...lists: readonly (readonly Scope[])[]): Scope[] {
  const wanted = new Set(lists.flat());
  return allScopes.filter((scope) => wanted.has(scope));
}

export function areSame(some: readonly Scope[], others: readonly Scope[]): boolean {
  return some.length === others.length && some.every((scope) => others.includes(scope));
}
