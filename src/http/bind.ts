import type { NetworkInterfaceInfo } from "node:os";
import type { AuthMode } from "#rpc";
import { isIP } from "./ip-address.ts";

export type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;

export type Bind =
  | { readonly ok: true; readonly hostname: string; readonly isLoopback: boolean }
  | { readonly ok: false; readonly because: string };

/** The address to listen on, from what the `bind` setting says and the addresses this machine has. */
export function resolveBind(bind: string, interfaces: () => Interfaces): Bind {
  const wantsTailnet = bind === "tailnet" || bind === "auto";
  const tailnet = wantsTailnet ? addressesOf(interfaces()).find(isTailnet) : undefined;
  const named: Readonly<Record<string, string | undefined>> = {
    loopback: "127.0.0.1",
    lan: "0.0.0.0",
    tailnet,
    auto: tailnet ?? "127.0.0.1",
  };
  if (bind === "tailnet" && tailnet === undefined) {
    return { ok: false, because: "gateway.bind is “tailnet”, but no interface has a tailnet address (100.64.0.0/10)" };
  }
  const hostname = named[bind] ?? bind.replace(/^\[(.*)\]$/, "$1");
  if (isIP(hostname) === 0) {
    return { ok: false, because: `gateway.bind is “${bind}”: use loopback, lan, tailnet, auto or an IP address` };
  }
  return { ok: true, hostname, isLoopback: isLoopback(hostname) };
}

export type Exposure =
  | { readonly ok: true; readonly warning?: string }
  | { readonly ok: false; readonly because: string };

/** May this be listened on with this kind of authentication? Whoever can reach the port can run the agent. */
export function checkExposure(
  bind: { readonly hostname: string; readonly isLoopback: boolean },
  mode: AuthMode,
): Exposure {
  if (mode !== "none") return { ok: true };
  if (bind.isLoopback) return { ok: true, warning: "Authentication is off: every program on this machine may call." };
  return {
    ok: false,
    because: `gateway.auth.mode is “none”, which is allowed on loopback only, but gateway.bind leads to ${bind.hostname}; set another mode or bind to loopback`,
  };
}

/** Every address of this machine. */
export function addressesOf(interfaces: Interfaces): string[] {
  return Object.values(interfaces).flatMap((entries) => (entries ?? []).map((entry) => entry.address));
}

export function isLoopback(address: string): boolean {
  return address === "::1" || (isIP(address) === 4 && address.startsWith("127."));
}

/** Tailscale gives out addresses of the carrier-grade NAT block, 100.64.0.0/10 (RFC 6598). */
function isTailnet(address: string): boolean {
  return isIP(address) === 4 && /^100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./.test(address);
}
