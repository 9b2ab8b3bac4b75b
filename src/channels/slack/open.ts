import type { AccountOptions, Connection } from "../channel.ts";
import type { SlackAccount } from "../slack.ts";
import { SlackConnection } from "./connection.ts";
import { type LinkTimes, usualTimes } from "./socket-link.ts";
import { wayOf } from "./way.ts";

export function openSlack(options: AccountOptions<SlackAccount>, times: LinkTimes = usualTimes): Promise<Connection> {
  const { settings } = options;
  return Promise.resolve(
    new SlackConnection({ ...options, apiUrl: apiUrlOf(settings.apiUrl), way: wayOf(settings, times) }),
  );
}

function apiUrlOf(text: string): URL {
  const url = URL.parse(text.endsWith("/") ? text : `${text}/`);
  if (!url) throw new Error("api_url is no address.");
  const isHere = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);
  // The token goes with every request.
  if (url.protocol === "https:" || (url.protocol === "http:" && isHere)) return url;
  throw new Error("api_url must begin with https://; http:// is for this machine alone.");
}
