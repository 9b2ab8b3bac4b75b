import { exceptionsOf, type Exceptions } from "./exceptions.ts";
import { askSystem, findWay, type Resolve, type Way } from "./find-way.ts";
import { readBody, tooLarge, TooMuch } from "./read-body.ts";
import { refuse, type Refusal } from "./refusal.ts";

export interface FetchRequest {
  readonly url: string | URL;
  /** For the origin of `url` alone: nothing of it goes elsewhere. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Of the body, as it came and as it unpacks. */
  readonly mostBytes: number;
  /** For all of it: names, redirects, body. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /**
   * Hosts that an operator named in the settings, which may lie in a private network: names, `name:port`, addresses,
   * ranges. Only `url` itself may lead there. Where a redirect points to, nobody in charge has said.
   */
  readonly own?: readonly string[];
  readonly mostRedirects?: number;
  /** Types that are wanted (`text/html`), or beginnings of them (`image/`); all of them when this is not given. */
  readonly types?: readonly string[];
}

export type Fetched =
  | {
      readonly got: true;
      readonly bytes: Uint8Array;
      /** As the server says, in lower case, without parameters; empty when it says nothing. */
      readonly type: string;
      /** As the server says. */
      readonly contentType: string;
      /** Where it was in the end. */
      readonly url: URL;
    }
  | Refusal;

/** Gets what lies at an address that somebody else named. Rejects only when the signal aborts. */
export type GuardedFetch = (request: FetchRequest) => Promise<Fetched>;

const usualRedirects = 5;

/**
 * Makes requests that reach public hosts alone. Each hop's name is resolved once, every address of it is looked at, and the
 * connection goes to an address that was looked at, by no proxy: another answer of the name server a moment later changes
 * nothing. TLS still proves the name. Redirects are followed one by one, never from https to http, and take no header along
 * to another origin.
 */
export function createGuardedFetch(
  surroundings: {
    readonly resolve?: Resolve;
    /** May be reached by whoever names it: exceptions of the operator's for everything. */
    readonly allow?: readonly string[];
    /** Trusted beside the system's own. */
    readonly certificates?: string;
  } = {},
): GuardedFetch {
  const { resolve = askSystem, certificates } = surroundings;
  const allowed = exceptionsOf(surroundings.allow);

  async function follow(request: FetchRequest, signal: AbortSignal): Promise<Fetched> {
    const { mostRedirects = usualRedirects, headers = {} } = request;
    let next = request.url;
    let exceptions = either(allowed, exceptionsOf(request.own));
    let home: string | undefined;
    for (let hop = 0; ; hop++) {
      const way = await findWay(next, { resolve, exceptions, signal });
      if ("got" in way) return way;
      home = hop === 0 ? way.url.origin : home === way.url.origin ? home : undefined;
      const response = await ask(way, { headers: home === undefined ? {} : headers, signal, certificates });
      if (!response) return refuse("unreachable", `${way.url.hostname} cannot be reached.`);
      const led = await leave(response, way.url);
      if (!led) return answerOf(response, way.url, request);
      if (hop >= mostRedirects) return refuse("tooManyRedirects", "It points elsewhere too often.", response.status);
      if ("got" in led) return led;
      next = led;
      exceptions = allowed;
    }
  }

  return async (request) => {
    const timeout = AbortSignal.timeout(request.timeoutMs);
    const signal = AbortSignal.any([request.signal, timeout]);
    try {
      return await follow(request, signal);
    } catch (error) {
      request.signal.throwIfAborted();
      if (timeout.aborted) return refuse("tooSlow", `It did not come within ${request.timeoutMs / 1_000} seconds.`);
      if (error instanceof TooMuch) return tooLarge(request.mostBytes);
      if (error instanceof Error) return refuse("broken", "It did not come through whole.");
      throw error;
    }
  };
}

/** The head of the answer of the first address that can be reached. */
async function ask(
  { url, addresses }: Way,
  {
    headers,
    signal,
    certificates,
  }: {
    readonly headers: Readonly<Record<string, string>>;
    readonly signal: AbortSignal;
    readonly certificates: string | undefined;
  },
): Promise<Response | undefined> {
  const isName = !addresses.includes(url.hostname.replace(/^\[(.*)\]$/, "$1"));
  for (const address of addresses) {
    const pinned = new URL(url);
    const sent = new Headers({ accept: "*/*", ...headers });
    sent.set("accept-encoding", "gzip, deflate, br");
    sent.set("host", url.host);
    pinned.hostname = address.includes(":") ? `[${address}]` : address;
    try {
      return await fetch(pinned.href, {
        headers: sent,
        redirect: "manual",
        signal,
        // A proxy of the environment would choose the address anew.
        proxy: false,
        // A connection that was proven for one name is for no other.
        keepalive: false,
        decompress: false,
        timeout: false,
        tls: { ...(isName && { serverName: url.hostname }), ...(certificates !== undefined && { ca: certificates }) },
      });
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof Error)) throw error;
    }
  }
  return undefined;
}

const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Where a redirect leads; undefined for what is none. Its body is not read. */
async function leave(response: Response, from: URL): Promise<URL | Refusal | undefined> {
  const { status, headers, body } = response;
  const target = redirects.has(status) ? headers.get("location") : null;
  if (target === null) return undefined;
  await body?.cancel();
  const found = URL.parse(target, from.href);
  if (found && (from.protocol !== "https:" || found.protocol === "https:")) return found;
  return refuse("badRedirect", "It points to an address that is not followed.", status);
}

async function answerOf(response: Response, url: URL, { types, mostBytes }: FetchRequest): Promise<Fetched> {
  const { status, headers } = response;
  const contentType = headers.get("content-type") ?? "";
  const type = (contentType.split(";")[0] ?? "").trim().toLowerCase();
  const refusal = unwanted(status, type, { host: url.hostname, types });
  if (refusal) {
    await response.body?.cancel();
    return refusal;
  }
  const bytes = await readBody(response, mostBytes);
  return bytes instanceof Uint8Array ? { got: true, bytes, type, contentType, url } : bytes;
}

function unwanted(
  status: number,
  type: string,
  { host, types }: { readonly host: string; readonly types: readonly string[] | undefined },
): Refusal | undefined {
  if (status !== 200) return refuse("status", `${host} does not give it (status ${status}).`, status);
  const isWanted = (wanted: string) => (wanted.endsWith("/") ? type.startsWith(wanted) : type === wanted);
  if (!types || types.some(isWanted)) return undefined;
  return refuse("wrongType", "It is of a type that is not wanted here.", status);
}

function either(a: Exceptions, b: Exceptions): Exceptions {
  return {
    hasHost: (url) => a.hasHost(url) || b.hasHost(url),
    hasAddress: (address) => a.hasAddress(address) || b.hasAddress(address),
  };
}
