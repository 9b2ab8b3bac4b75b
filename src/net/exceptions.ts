import { isWithin, type Range, rangeOf } from "./address.ts";

/** What may be reached although it is not public. A name means itself alone, never what ends with it. */
export interface Exceptions {
  hasHost(url: URL): boolean;
  hasAddress(address: Uint8Array): boolean;
}

/** Names, `name:port`, addresses and ranges like `10.0.0.0/8`. Throws for what is none of them. */
export function exceptionsOf(texts: readonly string[] = []): Exceptions {
  const ranges: Range[] = [];
  const hosts = new Set<string>();
  for (const text of texts) {
    const range = rangeOf(text);
    if (range) ranges.push(range);
    else hosts.add(hostOf(text));
  }
  return {
    hasHost: ({ host, hostname }) => hosts.has(host) || hosts.has(hostname),
    hasAddress: (address) => ranges.some((range) => isWithin(address, range)),
  };
}

/** As a URL's `host` is written, so that the two can be compared. */
function hostOf(text: string): string {
  const url = /[/@?#\\]/.test(text) ? null : URL.parse(`https://${text}`);
  if (!url) throw new Error(`“${text}” is no host, no address and no range of addresses`);
  return url.host;
}
