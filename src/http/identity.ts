import { isLoopback } from "./bind.ts";
import type { IsTrustedProxy } from "./client-address.ts";
import type { GatewaySettings } from "./settings.ts";

/** Whom a proxy has authenticated; `named: false` without a reason where nobody was named. */
export type Identity =
  | { readonly named: true; readonly user: string }
  | { readonly named: false; readonly because?: string };

export type ReadIdentity = (peer: string, headers: Headers) => Identity;

const nobody: Identity = { named: false };

/**
 * The user that a trusted proxy names, in the one mode in which proxies authenticate. From any other peer the header is
 * text that the caller wrote, and is not read.
 */
export function createReadIdentity(auth: GatewaySettings["auth"], isTrusted: IsTrustedProxy): ReadIdentity {
  if (auth.mode !== "trusted-proxy") return () => nobody;
  const { userHeader = "", allowUsers, requiredHeaders, allowLoopback } = auth.trustedProxy;
  return (peer, headers) => {
    if (!isTrusted(peer) || (isLoopback(peer) && !allowLoopback)) return nobody;
    if (!requiredHeaders.every((name) => (headers.get(name) ?? "") !== "")) return nobody;
    const user = headers.get(userHeader)?.trim() ?? "";
    if (user === "") return nobody;
    // Two values that came as one: somebody added to what the proxy should have replaced.
    if (user.includes(",")) return { named: false, because: "The proxy names more than one user" };
    if (allowUsers.length > 0 && !allowUsers.includes(user)) {
      return { named: false, because: "This user is not in gateway.auth.trusted_proxy.allow_users" };
    }
    return { named: true, user };
  };
}
