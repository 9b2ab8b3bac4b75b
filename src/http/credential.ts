import { allScopes, fault, type Scope } from "#protocol";
import type { Credential } from "#rpc";
import type { Admitted } from "./guards.ts";

/**
 * What the request brings: `Authorization: Bearer` or `X-Gateway-Token`, and whom a trusted proxy names. Throws
 * `unauthorized` for what cannot be checked, so that nothing brought is ignored.
 */
export function readCredential({ request: { headers }, identity }: Admitted): Credential {
  const scopes = readScopes(headers);
  // What else is in there was for the proxy.
  if (identity.named) return { user: identity.user, ...scopes };
  if (identity.because !== undefined) throw fault.unauthorized({ problem: identity.because });
  const token = readToken(headers);
  return { ...(token !== undefined && { token }), ...scopes };
}

function readToken(headers: Headers): string | undefined {
  const authorization = headers.get("authorization");
  const bearer = authorization === null ? undefined : /^Bearer +(\S+)$/i.exec(authorization)?.[1];
  if (authorization !== null && bearer === undefined) {
    throw fault.unauthorized({ problem: "The Authorization header must read “Bearer”, then the token" });
  }
  const token = headers.get("x-gateway-token") ?? undefined;
  if (bearer !== undefined && token !== undefined && bearer !== token) {
    throw fault.unauthorized({ problem: "Authorization and X-Gateway-Token bring two different tokens" });
  }
  return bearer ?? token;
}

/** Who shows no secret may ask for less than it could have. */
function readScopes(headers: Headers): { readonly scopes?: readonly Scope[] } {
  const asked = headers.get("x-openclaw-scopes");
  if (asked === null) return {};
  const names = new Set(asked.split(",").map((name) => name.trim()));
  return { scopes: allScopes.filter((scope) => names.has(scope)) };
}
