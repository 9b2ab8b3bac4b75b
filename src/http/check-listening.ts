import { type Bind, checkExposure, type Interfaces, resolveBind } from "./bind.ts";
import { whyNotNetwork } from "./client-address.ts";
import { whyNotOrigin } from "./guards.ts";
import type { GatewaySettings } from "./settings.ts";

export type Listening =
  | { readonly ok: true; readonly bind: Bind & { readonly ok: true }; readonly warning?: string }
  | { readonly ok: false; readonly because: string };

/** May the gateway listen with these settings, and where? */
export function checkListening(
  settings: Pick<GatewaySettings, "allowedOrigins" | "auth" | "bind" | "trustedProxies">,
  interfaces: () => Interfaces = readInterfaces,
): Listening {
  const bind = resolveBind(settings.bind, interfaces);
  if (!bind.ok) return bind;
  const exposure = checkExposure(bind, settings.auth.mode);
  if (!exposure.ok) return exposure;
  const problem =
    settings.allowedOrigins.map(whyNotOrigin).find(Boolean) ?? settings.trustedProxies.map(whyNotNetwork).find(Boolean);
  if (problem) return { ok: false, because: problem };
  const untrusted = whyNotTrusting(settings);
  if (untrusted !== undefined) return { ok: false, because: untrusted };
  return { ok: true, bind, ...(exposure.warning !== undefined && { warning: exposure.warning }) };
}

/** Loaded only when somebody asks: most gateways listen on loopback, and need to know no other address. */
export function readInterfaces(): Interfaces {
  return process.getBuiltinModule("node:os").networkInterfaces();
}

/** A proxy that authenticates has to be known, and so has the header that it writes. */
function whyNotTrusting({
  auth,
  trustedProxies,
}: Pick<GatewaySettings, "auth" | "trustedProxies">): string | undefined {
  if (auth.mode !== "trusted-proxy") return undefined;
  if (trustedProxies.length === 0) {
    return "gateway.auth.mode is “trusted-proxy”, but gateway.trusted_proxies names no proxy";
  }
  if (auth.trustedProxy.userHeader !== undefined) return undefined;
  return "gateway.auth.mode is “trusted-proxy”, but gateway.auth.trusted_proxy.user_header is not set";
}
