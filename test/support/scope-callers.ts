import type { RequiredScope, Scope } from "#protocol";
import type { AnyMethod } from "#rpc";

/** Somebody who calls, by what they hold. */
export interface ScopeCaller {
  readonly who: string;
  readonly scopes: readonly Scope[];
  /** What this opens. Written down a second time on purpose: whoever changes what covers what changes it here too. */
  readonly opens: readonly RequiredScope[];
}

export const operators: readonly ScopeCaller[] = [
  { who: "none", scopes: [], opens: ["public"] },
  { who: "read", scopes: ["operator.read"], opens: ["public", "operator.read", "operator.sessions.read"] },
  {
    who: "write",
    scopes: ["operator.write"],
    opens: [
      "public",
      "operator.read",
      "operator.write",
      "operator.sessions.read",
      "operator.sessions.write",
      "operator.talk",
    ],
  },
  { who: "approvals", scopes: ["operator.approvals"], opens: ["public", "operator.approvals"] },
  { who: "pairing", scopes: ["operator.pairing"], opens: ["public", "operator.pairing"] },
  {
    who: "admin",
    scopes: ["operator.admin"],
    opens: [
      "public",
      "operator.read",
      "operator.write",
      "operator.admin",
      "operator.approvals",
      "operator.pairing",
      "operator.questions",
      "operator.sessions.read",
      "operator.sessions.write",
      "operator.talk",
      "operator.talk.secrets",
    ],
  },
];

/** What a call is worth: let through to its params and what it does, or why not. */
export type Verdict = "allowed" | `missing ${string}` | "wrong role" | "no credential";

export function verdictFor({ opens }: ScopeCaller, { scope, role }: AnyMethod): Verdict {
  if (role === "node") return "wrong role";
  return opens.includes(scope) ? "allowed" : `missing ${scope}`;
}

export function verdictForNode({ scope, role }: AnyMethod): Verdict {
  return scope === "public" || role !== undefined ? "allowed" : "wrong role";
}

export function verdictForStranger({ scope, role }: AnyMethod): Verdict {
  return scope === "public" && role !== "node" ? "allowed" : "no credential";
}

/** No method asks for these; what is in them must change nothing. */
export const claims = {
  role: "operator",
  scopes: ["operator.admin"],
  scope: "operator.admin",
  isAdmin: true,
  isAuthenticated: true,
  caller: { role: "operator", scopes: ["operator.admin"], isLocal: true },
  client: { id: "acp", mode: "cli" },
  __nonsense: 1,
} as const;
