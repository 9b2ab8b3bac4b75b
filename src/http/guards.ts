import { type Arrival, readArrival } from "./arrival.ts";
import { addressesOf, type Interfaces, isLoopback } from "./bind.ts";
import { createClientAddress, isForwarded, type IsTrustedProxy } from "./client-address.ts";
import type { Identity, ReadIdentity } from "./identity.ts";
import { isIP } from "./ip-address.ts";
import { isProbe } from "./probes.ts";
import type { Refusal } from "./refusal.ts";
import { isWebhook } from "./webhook-path.ts";

/** A request that passed every guard, and from whom it comes. */
export interface Admitted extends Arrival {
  /** The caller's address: the peer's, or what a trusted proxy says. */
  readonly address: string;
  /** The page that asks, when it is one of `allowedOrigins` rather than our own. */
  readonly crossOrigin?: string;
  /** A page asks, and it is ours or one of `allowedOrigins`. */
  readonly isPage: boolean;
  /** The socket's other end is this machine, and speaks for nobody else. */
  readonly isLocal?: true;
  /** Whom a trusted proxy names. */
  readonly identity: Identity;
}

export type Admission =
  | { readonly admitted: true; readonly arrival: Admitted }
  | { readonly admitted: false; readonly refusal: Refusal };

export interface GuardOptions {
  /** The address listened on. */
  readonly hostname: string;
  readonly allowedHosts: readonly string[];
  readonly allowedOrigins: readonly string[];
  readonly isTrustedProxy: IsTrustedProxy;
  readonly readIdentity: ReadIdentity;
  readonly interfaces: () => Interfaces;
}

/** The way in: every request, upgrade or not, passes all of this before anything looks at its credential or body. */
export function createGuards(options: GuardOptions): (request: Request, peer: string) => Admission {
  const guards = [guardHost(options), guardQuery, guardOrigin(options), guardContentType];
  const allowedOrigins = normalOrigins(options);
  const clientAddress = createClientAddress(options.isTrustedProxy);

  return (request, peer) => {
    const reading = readArrival(request, peer);
    if (!reading.ok) return { admitted: false, refusal: reading.refusal };
    const { arrival } = reading;
    for (const guard of guards) {
      const refusal = guard(arrival);
      if (refusal) return { admitted: false, refusal };
    }
    const client = clientAddress.of(arrival.peer, request.headers);
    if (!client.known && !isProbe(arrival.path)) {
      const message = `Nobody can be held to account for this request: ${client.because}.`;
      return { admitted: false, refusal: { status: 403, code: "proxy_attribution_required", message } };
    }
    const origin = request.headers.get("origin")?.toLowerCase();
    const identity = options.readIdentity(arrival.peer, request.headers);
    return {
      admitted: true,
      arrival: {
        ...arrival,
        address: client.known ? client.address : arrival.peer,
        ...(origin !== undefined && allowedOrigins.has(origin) && { crossOrigin: origin }),
        isPage: origin !== undefined,
        ...(!identity.named && isLocal(arrival) && { isLocal: true }),
        identity,
      },
    };
  };
}

/** Why an entry of `allowedOrigins` is none; undefined when it is one. A pattern or `null` would let any page in. */
export function whyNotOrigin(entry: string): string | undefined {
  if (/^[a-z][a-z0-9+.-]*:\/\/[^/*\s@]+\/?$/i.test(entry)) return undefined;
  return `“${entry}” is not an origin like https://desk.example.org (no path, no *)`;
}

/** An address alone does not tell: a proxy of this machine speaks for the whole world from 127.0.0.1. */
function isLocal({ peer, hostname, request: { headers } }: Arrival): boolean {
  return isLoopback(peer) && (hostname === "localhost" || isLoopback(hostname)) && !isForwarded(headers);
}

type Guard = (arrival: Arrival) => Refusal | undefined;

/** The defence against DNS rebinding: a page's own name, made to point here, is not one of ours. */
function guardHost(options: GuardOptions): Guard {
  const allowed = new Set(["localhost", options.hostname, ...options.allowedHosts].map(hostnameOf));
  const isWildcard = options.hostname === "0.0.0.0" || options.hostname === "::";
  // An address cannot be rebound, but one that is not ours can only be a mistake or a probe.
  const isOwn = (name: string) =>
    isLoopback(name) || (isWildcard && isIP(name) !== 0 && addressesOf(options.interfaces()).includes(name));
  return ({ hostname }) => {
    if (allowed.has(hostname) || isOwn(hostname)) return undefined;
    return {
      status: 421,
      code: "misdirectedRequest",
      message: `This server does not answer to the name “${hostname}”; gateway.allowedHosts lists the names it answers to.`,
    };
  };
}

/** Addresses end up in logs, histories and referrers. The value is not repeated anywhere. */
function guardQuery({ query }: Arrival): Refusal | undefined {
  const name = [...query.keys()].find((key) => credentialNames.has(key.toLowerCase()));
  if (name === undefined) return undefined;
  return {
    status: 400,
    code: "credentialInUrl",
    message: `No credentials in the address (“${name.toLowerCase()}”): send “Authorization: Bearer”, then the token.`,
  };
}

const credentialNames = new Set(["token", "access_token", "auth", "api_key", "apikey", "password"]);

/** Pages of other origins may not ask, with or without a credential. Programs send no Origin and pass. */
function guardOrigin(options: GuardOptions): Guard {
  const allowed = normalOrigins(options);
  return ({ request: { headers }, host, path }) => {
    if (isProbe(path)) return undefined;
    const origin = headers.get("origin")?.toLowerCase();
    if (origin === undefined) return isEmbedded(headers) ? originRefused("a page of another site") : undefined;
    if (origin === `http://${host}` || origin === `https://${host}` || allowed.has(origin)) return undefined;
    return originRefused(`the origin “${origin.slice(0, 200)}”`);
  };
}

/** An image, script or frame of another site, for which browsers send no Origin (Fetch Metadata, W3C). Following a link is fine. */
function isEmbedded(headers: Headers): boolean {
  const site = headers.get("sec-fetch-site");
  const isElsewhere = site === "cross-site" || site === "same-site";
  const isFollowedLink = headers.get("sec-fetch-mode") === "navigate" && headers.get("sec-fetch-dest") === "document";
  return isElsewhere && !isFollowedLink;
}

function originRefused(who: string): Refusal {
  return {
    status: 403,
    code: "originRefused",
    message: `Requests from ${who} are refused; gateway.allowedOrigins lists the pages that may ask.`,
  };
}

/** A form can send text/plain to any site without asking; JSON it cannot. A platform sends what it likes, and signs it. */
function guardContentType({ method, path, request: { headers } }: Arrival): Refusal | undefined {
  if (!mutating.has(method) || isWebhook(path)) return undefined;
  const type = headers.get("content-type");
  if (type !== null && /^application\/json *(?:;|$)/i.test(type)) return undefined;
  const hasBody = headers.has("transfer-encoding") || Number(headers.get("content-length") ?? 0) > 0;
  if (method === "DELETE" && !hasBody) return undefined;
  return { status: 415, code: "unsupportedMediaType", message: "Send JSON, with “Content-Type: application/json”." };
}

const mutating = new Set(["POST", "PUT", "PATCH", "DELETE"]);

function normalOrigins({ allowedOrigins }: GuardOptions): ReadonlySet<string> {
  return new Set(allowedOrigins.map((origin) => origin.toLowerCase().replace(/\/$/, "")));
}

function hostnameOf(entry: string): string {
  return entry
    .toLowerCase()
    .replace(/^\[(.*)\](?::\d+)?$/, "$1")
    .replace(/^([^:]+):\d+$/, "$1");
}
