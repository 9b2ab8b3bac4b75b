import type { Secret } from "#base";
import { isIP } from "node:net";
import type { NetworkInterfaceInfo } from "node:os";

export type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;

export type Bind =
  | { readonly ok: true; readonly hostname: string; readonly isLoopback: boolean }
  | { readonly ok: false; readonly because: string };

/** The address to listen on, from what the `bind` setting says and the addresses this machine has. */
export function resolveBind(bind: string, interfaces: Interfaces): Bind {
  const tailnet = addressesOf(interfaces).find(isTailnet);
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

/** May this be listened on with this authentication? Whoever can reach the port can run the agent. */
export function checkExposure(
  bind: { readonly hostname: string; readonly isLoopback: boolean },
  auth: { readonly mode: "token" | "none"; readonly token?: Secret | undefined },
): Exposure {
  if (auth.mode === "none") {
    if (bind.isLoopback) return { ok: true, warning: "Authentication is off: every program on this machine may call." };
    return {
      ok: false,
      because: `gateway.auth.mode is “none”, which is allowed on loopback only, but gateway.bind leads to ${bind.hostname}; set the mode to “token” or bind to loopback`,
    };
  }
  const token = auth.token?.reveal().trim().toLowerCase();
  if (token === undefined) return { ok: true };
  if (placeholders.includes(token)) {
    return { ok: false, because: "gateway.auth.token is empty or a placeholder; remove it and one is made" };
  }
  if (token.length < shortestToken) {
    return { ok: true, warning: `gateway.auth.token is shorter than ${shortestToken} characters; it can be guessed.` };
  }
  return { ok: true };
}

/** Every address of this machine. */
export function addressesOf(interfaces: Interfaces): string[] {
  return Object.values(interfaces).flatMap((entries) => (entries ?? []).map((entry) => entry.address));
}

export function isLoopback(address: string): boolean {
  return address === "::1" || (isIP(address) === 4 && address.startsWith("127."));
}

const shortestToken = 24;

/** What an unset variable, a template or a hurried person leaves where a token should stand. */
const placeholders = ["", "undefined", "null", "none", "changeme", "change-me", "secret", "password", "token", "test"];

/** Tailscale gives out addresses of the carrier-grade NAT block, 100.64.0.0/10 (RFC 6598). */
function isTailnet(address: string): boolean {
  return isIP(address) === 4 && /^100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./.test(address);
}
