import { type Static, Type } from "@sinclair/typebox";

/** What a caller may do. The names are those of the original's wire protocol. */
export const Scope = Type.Union([
  Type.Literal("operator.read"),
  Type.Literal("operator.write"),
  Type.Literal("operator.admin"),
  Type.Literal("operator.approvals"),
  Type.Literal("operator.pairing"),
]);
export type Scope = Static<typeof Scope>;

export const allScopes: readonly Scope[] = Scope.anyOf.map((scope) => scope.const);

/** What a method asks of its caller; `public` asks for nothing, not even authentication. */
export type RequiredScope = Scope | "public";

/** Does what was granted cover what is needed? Admin covers everything, write covers read. */
export function permits(granted: ReadonlySet<Scope>, needed: RequiredScope): boolean {
  if (needed === "public" || granted.has(needed) || granted.has("operator.admin")) return true;
  return needed === "operator.read" && granted.has("operator.write");
}
