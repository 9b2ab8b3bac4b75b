import { fault } from "#protocol";
import type { OpenSettings } from "./provider.ts";

/** Where a provider is, what is sent there to be let in, and what of it must never be shown. */
export interface ProviderAddress {
  readonly baseUrl: string;
  /** With the port, as people read it. */
  readonly host: string;
  readonly headers: Headers;
  readonly secrets: readonly string[];
}

/** Puts an address together. What could never work is refused here: the errors of `fetch` would show the key. */
export function addressOf(
  settings: OpenSettings,
  defaults: { readonly baseUrl: string; readonly headers: Readonly<Record<string, string>> },
  keyHeader: (key: string) => readonly [name: string, value: string],
): ProviderAddress {
  const path = `models.providers.${settings.id}`;
  const baseUrl = settings.baseUrl ?? defaults.baseUrl;
  if (!URL.canParse(baseUrl)) throw fault.configInvalid({ problem: `${path}.base_url is not an address.` });
  const headers = new Headers({ "content-type": "application/json", accept: "text/event-stream", ...defaults.headers });
  // What a file or a variable is read from often ends with a line break.
  const key = settings.apiKey?.reveal().trim();
  const given = Object.entries(settings.headers).map(([name, value]) => [name, value.reveal().trim()] as const);
  for (const [name, value] of [...(key ? [keyHeader(key)] : []), ...given]) {
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name))
      throw fault.configInvalid({ problem: `${path}.headers: “${name}” is no header.` });
    if (!/^[\x20-\x7e]*$/.test(value)) {
      throw fault.configInvalid({
        problem: `${path}: the value for the header ${name} has characters that cannot be sent.`,
      });
    }
    headers.set(name, value);
  }
  const { host, password } = new URL(baseUrl);
  return { baseUrl, host, headers, secrets: [key ?? "", password, ...given.map(([, value]) => value)] };
}
