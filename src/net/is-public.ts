import { isWithin, type Range, rangeOf } from "./address.ts";

/**
 * What the registries of special addresses (IANA) do not give to the public: this host, private networks, shared ones of
 * carriers, link-local with the metadata services of clouds, tests, documentation, relays, multicast, what is reserved; and
 * the one public address at which a cloud tells its machines their secrets.
 */
const closedV4 = ranges(
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "168.63.129.16",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.31.196.0/24",
  "192.52.193.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "192.175.48.0/24",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/3",
);

/** All that is public lies here; so what carries an IPv4 address (mapped, compatible, NAT64) is not. */
const openV6 = ranges("2000::/3");

/** Teredo and the rest of the protocols' own, documentation, 6to4. */
const closedV6 = ranges("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20");

/** Anybody may be reached there, and nobody whom this machine alone can reach. */
export function isPublic(address: Uint8Array): boolean {
  const isIn = (range: Range) => isWithin(address, range);
  if (address.length === 4) return !closedV4.some(isIn);
  return openV6.some(isIn) && !closedV6.some(isIn) && !isIsatap(address);
}

/** An interface of the form `…:0:5efe:<IPv4>` or `…:200:5efe:<IPv4>`: a tunnel to that address. */
function isIsatap(address: Uint8Array): boolean {
  const [a = 0, b, c, d] = address.subarray(8);
  return (a & 0xfd) === 0 && b === 0 && c === 0x5e && d === 0xfe;
}

function ranges(...texts: readonly string[]): readonly Range[] {
  return texts.map((text) => {
    const range = rangeOf(text);
    if (!range) throw new Error(`${text} is no range of addresses`);
    return range;
  });
}
