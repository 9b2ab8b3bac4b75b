import type { Secret } from "#base";
import type { AccountOptions, Connection } from "../channel.ts";
import type { SlackAccount } from "../slack.ts";
import { SlackConnection } from "./connection.ts";
import { type LinkTimes, usualTimes } from "./socket-link.ts";

export type Way =
  | { readonly mode: "socket"; readonly appToken: Secret; readonly times: LinkTimes }
  | { readonly mode: "http"; readonly signingSecret: Secret };

export function openSlack(options: AccountOptions<SlackAccount>, times: LinkTimes = usualTimes): Promise<Connection> {
  const { settings } = options;
  return Promise.resolve(
    new SlackConnection({ ...options, apiUrl: apiUrlOf(settings.apiUrl), way: wayOf(settings, times) }),
  );
}

function wayOf(settings: SlackAccount, times: LinkTimes): Way {
  if (settings.mode === "http") {
    // An endpoint that checks no signature is anybody's.
    if (!settings.signingSecret) throw new Error('With mode = "http", signing_secret must be set.');
    return { mode: "http", signingSecret: settings.signingSecret };
  }
  if (!settings.appToken) throw new Error('With mode = "socket", app_token must be set; it begins with xapp-.');
  return { mode: "socket", appToken: settings.appToken, times };
}

function apiUrlOf(text: string): URL {
  const url = URL.parse(text.endsWith("/") ? text : `${text}/`);
  if (!url) throw new Error("api_url is no address.");
  const isHere = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);
  // The token goes with every request.
  if (url.protocol === "https:" || (url.protocol === "http:" && isHere)) return url;
  throw new Error("api_url must begin with https://; http:// is for this machine alone.");
}
