/** The bytes of an IP address, 4 or 16 of them; undefined for what is none, or has a zone. */
export function bytesOf(address: string): Uint8Array | undefined {
  return address.includes(":") ? bytesOfV6(address) : bytesOfV4(address);
}

/** Addresses that begin alike. */
export interface Range {
  readonly bytes: Uint8Array;
  readonly bits: number;
}

/** `10.0.0.0/8`, `fd00::/8`, or one address. */
export function rangeOf(text: string): Range | undefined {
  const [address = "", bitsText, ...rest] = text.split("/");
  const bytes = bytesOf(address);
  if (!bytes || rest.length > 0) return undefined;
  if (bitsText === undefined) return { bytes, bits: bytes.length * 8 };
  const bits = /^\d{1,3}$/.test(bitsText) ? Number(bitsText) : Infinity;
  return bits <= bytes.length * 8 ? { bytes, bits } : undefined;
}

export function isWithin(address: Uint8Array, { bytes, bits }: Range): boolean {
  if (address.length !== bytes.length) return false;
  return bytes.every((byte, at) => {
    const counted = Math.min(8, Math.max(0, bits - at * 8));
    const mask = (0xff << (8 - counted)) & 0xff;
    return ((byte ^ (address[at] ?? 0)) & mask) === 0;
  });
}

/** As a resolver writes it: what else means an address in a URL, the URL's own parser has turned into this. */
function bytesOfV4(address: string): Uint8Array | undefined {
  const parts = address.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)) {
    return undefined;
  }
  return Uint8Array.from(parts, Number);
}

function bytesOfV6(address: string): Uint8Array | undefined {
  const plain = URL.parse(`http://[${address}]/`)?.hostname.slice(1, -1);
  if (plain === undefined) return undefined;
  const [head = "", tail] = plain.split("::");
  const [before, after] = [groupsOf(head), groupsOf(tail ?? "")];
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - before.length - after.length }, () => 0);
  return Uint8Array.from([...before, ...zeros, ...after].flatMap((group) => [group >> 8, group & 0xff]));
}

function groupsOf(text: string): number[] {
  return text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16));
}
