import { type Static, Type } from "@sinclair/typebox";

/** What a caller may do. The names are those of the original's wire protocol. */
export const Scope = Type.Union([
  Type.Literal("operator.read"),
  Type.Literal("operator.write"),
  Type.Literal("operator.admin"),
  Type.Literal("operator.approvals"),
  Type.Literal("operator.pairing"),
  Type.Literal("operator.questions"),
  Type.Literal("operator.sessions.read"),
  Type.Literal("operator.sessions.write"),
  Type.Literal("operator.talk"),
  Type.Literal("operator.talk.secrets"),
]);
export type Scope = Static<typeof Scope>;

export const allScopes: readonly Scope[] = Scope.anyOf.map((scope) => scope.const);

/** What a method asks of its caller; `public` asks for nothing, not even authentication. */
export type RequiredScope = Scope | "public";

/** What else covers a scope; admin covers everything. */
const coveredBy: { readonly [Needed in Scope]?: readonly Scope[] } = {
  "operator.read": ["operator.write"],
  "operator.sessions.read": ["operator.read", "operator.write", "operator.sessions.write"],
  "operator.sessions.write": ["operator.write"],
  "operator.talk": ["operator.write"],
};

/** Does what was granted cover what is needed? */
export function permits(granted: ReadonlySet<Scope>, needed: RequiredScope): boolean {
  if (needed === "public" || granted.has(needed) || granted.has("operator.admin")) return true;
  return coveredBy[needed]?.some((scope) => granted.has(scope)) ?? false;
}
