import type { BlockList } from "node:net";
import { isIP } from "./ip-address.ts";

export type Attribution =
  | { readonly known: true; readonly address: string }
  | { readonly known: false; readonly because: string };

export interface ClientAddress {
  /** Who is really calling, when the socket's other end may be a proxy. */
  of(peer: string, headers: Headers): Attribution;
}

/** Headers by which a proxy tells for whom it calls. */
const forwardedHeaders = ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip"];

/**
 * Only `X-Forwarded-For` of a trusted proxy is believed, and of it the right-most address that is not a trusted proxy
 * itself: everything left of that was written by the caller.
 */
export function createClientAddress(isTrusted: IsTrustedProxy): ClientAddress {
  return {
    of(peer, headers) {
      const sent = forwardedHeaders.filter((name) => headers.has(name));
      if (sent.length === 0) return { known: true, address: peer };
      if (!isTrusted(peer)) {
        return {
          known: false,
          because: `${peer} forwards for somebody (${sent.join(", ")}), but is not in gateway.trustedProxies`,
        };
      }
      const hops = (headers.get("x-forwarded-for") ?? "").split(",").map((hop) => plain(hop.trim()));
      if (hops.some((hop) => isIP(hop) === 0)) {
        return { known: false, because: "the proxy must send a well-formed X-Forwarded-For" };
      }
      return { known: true, address: hops.findLast((hop) => !isTrusted(hop)) ?? peer };
    },
  };
}

/** Headers that proxies write, and nobody else has a reason to. */
const proxyHeaders = [
  ...forwardedHeaders,
  "cf-connecting-ip",
  "cf-access-authenticated-user-email",
  "tailscale-user-login",
  "x-forwarded-port",
  "x-forwarded-proto",
  "x-forwarded-user",
];

/** Did this come through a proxy, as far as it shows? */
export function isForwarded(headers: Headers): boolean {
  return proxyHeaders.some((name) => headers.has(name));
}

export type IsTrustedProxy = (address: string) => boolean;

/** Knows the networks of `trustedProxies`. Throws a plain sentence for an entry that is no network. */
export async function openTrustedProxies(entries: readonly string[]): Promise<IsTrustedProxy> {
  if (entries.length === 0) return () => false;
  const { BlockList } = await import("node:net");
  const trusted = new BlockList();
  for (const entry of entries) add(trusted, entry);
  return (address) => contains(trusted, address);
}

/** Why an entry of `trustedProxies` is none; undefined when it is one. */
export function whyNotNetwork(entry: string): string | undefined {
  const { address, bits } = split(entry);
  const family = isIP(address);
  const most = family === 6 ? 128 : 32;
  if (family === 0 || !Number.isInteger(bits ?? 0)) return `“${entry}” is not an address or a network like 10.0.0.0/8`;
  if (bits !== undefined && (bits < 1 || bits > most)) return `“${entry}” must have between 1 and ${most} network bits`;
  return undefined;
}

function add(list: BlockList, entry: string): void {
  const because = whyNotNetwork(entry);
  if (because) throw new Error(because);
  const { address, bits } = split(entry);
  const family = isIP(address) === 6 ? "ipv6" : "ipv4";
  if (bits === undefined) list.addAddress(address, family);
  else list.addSubnet(address, bits, family);
}

function split(entry: string): { readonly address: string; readonly bits?: number } {
  const slash = entry.indexOf("/");
  if (slash < 0) return { address: entry };
  const bits = entry.slice(slash + 1);
  return { address: entry.slice(0, slash), bits: /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN };
}

function contains(list: BlockList, address: string): boolean {
  const family = isIP(address);
  return family !== 0 && list.check(address, family === 6 ? "ipv6" : "ipv4");
}

function plain(hop: string): string {
  return hop.replace(/^\[(.*)\]$/, "$1").replace(/^::ffff:(?=\d+\.)/i, "");
}
