import type { Refusal } from "./refusal.ts";

/** A request as every later check and route sees it: read once, so that no two of them can read it differently. */
export interface Arrival {
  readonly request: Request;
  readonly method: string;
  /** As the client wrote it, in lower case: name or address, then perhaps a port. */
  readonly host: string;
  /** `host` without the port and without the brackets of an IPv6 address. */
  readonly hostname: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** The address of the other end of the socket. */
  readonly peer: string;
}

export type Reading =
  | { readonly ok: true; readonly arrival: Arrival }
  | { readonly ok: false; readonly refusal: Refusal };

/**
 * Bun puts the client's Host header into `request.url` unchecked, and Elysia looks for the path from the eleventh character
 * on, so a short or strange Host makes the two see different paths. Therefore the Host is checked first, the path is cut
 * out here, and only this path goes on. Bun has resolved dot segments and backslashes before we see them.
 */
export function readArrival(request: Request, peer: string): Reading {
  const host = request.headers.get("host")?.toLowerCase() ?? "";
  const hostParts = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]{1,253})(?::(\d{1,5}))?$/.exec(host);
  // Bun joins repeated Host headers with a comma, which the pattern does not allow.
  if (!hostParts || Number(hostParts[2] ?? 0) > 65_535) return bad("exactly one well-formed Host header is needed");
  if (request.url.length > longestUrl) {
    const message = `The address is longer than ${longestUrl} characters.`;
    return { ok: false, refusal: { status: 414, code: "uriTooLong", message } };
  }
  const target = /^http:\/\/[^/?#]+(\/[^?#]*)(?:\?([^#]*))?$/.exec(request.url);
  if (!target) return bad("the address is not one of this server, or has a fragment");
  const path = target[1] ?? "/";
  const because = whyNotPath(path);
  if (because) return bad(because);
  const arrival = {
    request,
    method: request.method,
    host,
    hostname: (hostParts[1] ?? "").replace(/^\[(.*)\]$/, "$1"),
    path,
    query: new URLSearchParams(target[2] ?? ""),
    peer: peer.replace(/^::ffff:(?=\d+\.)/i, ""),
  };
  return { ok: true, arrival };
}

const longestUrl = 8_192;

/** One spelling for each path: what could be read as another path by a later decoder is refused, not repaired. */
function whyNotPath(path: string): string | undefined {
  if (path.includes("//")) return "the path has an empty segment";
  if (/%(?:2e|2f|5c|25|3b|[01][0-9a-f]|7f)/i.test(path)) {
    return "the path encodes a dot, slash, backslash, semicolon, percent sign or control character";
  }
  if (!/^\/(?:[\w.~!$&'()*+,=:@/-]|%[0-9a-f]{2})*$/i.test(path)) return "the path has a character that is not allowed";
  return isUtf8(path) ? undefined : "the path is not UTF-8";
}

function isUtf8(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch (error) {
    if (error instanceof URIError) return false;
    throw error;
  }
}

function bad(because: string): Reading {
  return { ok: false, refusal: { status: 400, code: "badRequest", message: `This request is refused: ${because}.` } };
}
