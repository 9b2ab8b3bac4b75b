/** Top-level names that never lead to the public internet: RFC 6761, RFC 6762, RFC 8375, and ICANN's `internal`. */
const privateNames = [".localhost", ".local", ".internal", ".home.arpa"];

/**
 * Does this host lie on this machine or in a private network? A name that could lead anywhere does not count, whatever
 * it resolves to now (SEC-21).
 */
export function isPrivateHost(host: string): boolean {
  const name = host.replace(/^\[(.*)\]$/, "$1").toLowerCase();
  if (name.includes(":")) return isPrivateV6(name);
  const bytes = v4Bytes(name);
  if (bytes) return isPrivateV4(bytes);
  return name === "localhost" || privateNames.some((suffix) => name.endsWith(suffix) && name.length > suffix.length);
}

/** Is it this very machine? */
export function isLoopbackHost(host: string): boolean {
  return host === "localhost" || host === "[::1]" || v4Bytes(host)?.[0] === 127;
}

/** Loopback, RFC 1918, link-local (RFC 3927), and shared address space (RFC 6598), in which tailnets live. */
function isPrivateV4([a, b]: V4): boolean {
  if (a === 127 || a === 10) return true;
  if (a === 172) return b >= 16 && b <= 31;
  if (a === 192) return b === 168;
  if (a === 169) return b === 254;
  return a === 100 && b >= 64 && b <= 127;
}

/** Loopback, unique local (RFC 4193), link-local (RFC 4291), and IPv4 in IPv6, as the URL parser spells it. */
function isPrivateV6(name: string): boolean {
  const mapped = /^::ffff:([\da-f]{1,4}):[\da-f]{1,4}$/.exec(name)?.[1];
  if (mapped !== undefined) {
    const high = Number.parseInt(mapped, 16);
    return isPrivateV4([high >> 8, high & 0xff]);
  }
  return name === "::1" || /^f[cd][\da-f]{2}:/.test(name) || /^fe[89ab][\da-f]:/.test(name);
}

type V4 = readonly [number, number];

/** The first two bytes of an IPv4 address; the URL parser has brought other spellings (`0x7f.1`) into this form. */
function v4Bytes(name: string): V4 | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.\d{1,3}\.\d{1,3}$/.exec(name);
  return match ? [Number(match[1]), Number(match[2])] : undefined;
}
