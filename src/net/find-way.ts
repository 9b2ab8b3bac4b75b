import { bytesOf } from "./address.ts";
import type { Exceptions } from "./exceptions.ts";
import { isPublic } from "./is-public.ts";
import { refuse, type Refusal } from "./refusal.ts";

/** The addresses of a name, as text. Rejects when there are none. */
export type Resolve = (name: string, signal: AbortSignal) => Promise<readonly string[]>;

/** Where a request may go: the URL without what could mislead, and the addresses that were looked at. */
export interface Way {
  readonly url: URL;
  readonly addresses: readonly string[];
}

const mostAddresses = 32;

/**
 * Finds out where a URL leads, before anything is sent. A name of which one address is not for everybody leads nowhere:
 * whoever answers for the name could choose.
 */
export async function findWay(
  given: string | URL,
  {
    resolve,
    exceptions,
    signal,
  }: { readonly resolve: Resolve; readonly exceptions: Exceptions; readonly signal: AbortSignal },
): Promise<Way | Refusal> {
  const url = URL.parse(String(given));
  if (!url || !/^https?:$/.test(url.protocol)) return refuse("badAddress", "It is no http or https address.");
  if (url.username !== "" || url.password !== "") {
    return refuse("badAddress", "An address with a user name or a password in it is not fetched.");
  }
  url.hostname = url.hostname.replace(/\.$/, "");
  url.hash = "";
  const { hostname } = url;
  const isExcepted = exceptions.hasHost(url);
  if (/^(.+\.)?localhost$/.test(hostname) && !isExcepted) return closed(hostname);
  const literal = hostname.replace(/^\[(.*)\]$/, "$1");
  const addresses = bytesOf(literal) ? [literal] : await resolved(hostname, resolve, signal);
  if (addresses.length === 0) return refuse("unresolved", `There is no host ${hostname}.`);
  const mayBeReached = (address: string) => {
    const bytes = bytesOf(address);
    return bytes !== undefined && (isExcepted || isPublic(bytes) || exceptions.hasAddress(bytes));
  };
  return addresses.every(mayBeReached) ? { url, addresses: addresses.slice(0, mostAddresses) } : closed(hostname);
}

function closed(hostname: string): Refusal {
  return refuse("private", `${hostname} is not a public address, and is not fetched.`);
}

async function resolved(name: string, resolve: Resolve, signal: AbortSignal): Promise<readonly string[]> {
  try {
    return await resolve(name, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Error) return [];
    throw error;
  }
}

/** The system's own resolver. It cannot be told to stop, so nobody waits for it any longer. */
export const askSystem: Resolve = (name, signal) =>
  new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(new Error("the name was not resolved in time")), { once: true });
    Bun.dns.lookup(name).then((found) => resolve(found.map(({ address }) => address)), reject);
  });
