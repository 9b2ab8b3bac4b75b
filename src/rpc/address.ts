export const loopback = "loopback";

/**
 * One name for everything one peer can call itself, so that a limit per address cannot be walked around: IPv4 inside IPv6
 * is IPv4, all loopback addresses are one, and an IPv6 host counts as its /64, which is the least a host is given.
 */
export function addressGroup(address: string): string {
  const bare = address
    .toLowerCase()
    .replace(/%.*$/, "")
    .replace(/^\[|\]$/g, "");
  if (!bare.includes(":")) return ipv4Group(bare);
  const groups = ipv6Groups(bare);
  const mapped = mappedIpv4(groups);
  if (mapped) return ipv4Group(mapped);
  if (groups.slice(0, 7).every((group) => group === 0) && groups[7] === 1) return loopback;
  const prefix = groups.slice(0, 4).map((group) => group.toString(16));
  return `${prefix.join(":")}::/64`;
}

function ipv4Group(address: string): string {
  return address.startsWith("127.") ? loopback : address;
}

/** The eight numbers of an IPv6 address; a dotted tail counts as two. What is no number counts as 0. */
function ipv6Groups(address: string): readonly number[] {
  const [head = "", tail] = address.split("::", 2);
  const before = numbers(head);
  if (tail === undefined) return before;
  const after = numbers(tail);
  const gap = Math.max(0, 8 - before.length - after.length);
  return [...before, ...Array.from({ length: gap }, () => 0), ...after];
}

function numbers(part: string): number[] {
  if (part === "") return [];
  return part.split(":").flatMap((group) => {
    if (!group.includes(".")) return [Number.parseInt(group, 16) || 0];
    const [a = 0, b = 0, c = 0, d = 0] = group.split(".").map(Number);
    return [a * 256 + b, c * 256 + d];
  });
}

/** RFC 4291, section 2.5.5.2: `::ffff:0:0/96`. */
function mappedIpv4(groups: readonly number[]): string | undefined {
  const [high = 0, low = 0] = groups.slice(6);
  if (groups.length !== 8 || groups[5] !== 0xffff || groups.slice(0, 5).some((group) => group !== 0)) return undefined;
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}
