import type { Log } from "#base";
import { createGuardedFetch } from "#net";
import { type Logger, LogLevel, webApi } from "@slack/bolt";

/** No single request takes longer. */
const timeoutMs = 30_000;
const downloadMs = 120_000;

export type Client = webApi.WebClient;

export interface Api {
  /** A client whose requests end with the signal, and none takes longer than usual. It tries nothing twice: that is for whoever asks to decide. */
  client(signal: AbortSignal): Client;
  /** The same, for a signal that has a bound of its own. */
  boundedClient(signal: AbortSignal): Client;
  /** Reads a file that somebody sent, at most so many bytes, with the token if it lies with Slack; rejects with a plain sentence. */
  download(address: string, mostBytes: number, signal: AbortSignal): Promise<Uint8Array>;
  readonly logger: Logger;
}

export function createApi(options: { readonly apiUrl: URL; readonly token: string; readonly log: Log }): Api {
  const logger = quietLogger(options.log);
  const isSlacks = hostCheck(options.apiUrl);
  const guardedFetch = createGuardedFetch();
  return {
    logger,
    client: (signal) => createClient({ ...options, logger, isSlacks, signal }),
    boundedClient: (signal) => createClient({ ...options, logger, isSlacks, signal, isBounded: true }),
    download: async (address, mostBytes, signal) => {
      // The token goes with the request, so it goes to no host that a message names.
      if (!isSlacks(address)) throw new Error("The file does not lie with Slack, so it is not fetched.");
      const fetched = await guardedFetch({
        url: address,
        headers: { authorization: `Bearer ${options.token}` },
        own: [options.apiUrl.host],
        mostBytes,
        timeoutMs: downloadMs,
        signal,
      });
      if (!fetched.got) throw new Error(fetched.problem);
      if (fetched.type === "text/html") {
        throw new Error("Slack shows a page instead of the file: the app may lack the scope files:read.");
      }
      return fetched.bytes;
    },
  };
}

/** Asks with the app's token instead of the bot's. */
export function createClient(options: {
  readonly apiUrl: URL;
  readonly token: string;
  readonly logger: Logger;
  readonly isSlacks?: (address: string) => boolean;
  readonly signal: AbortSignal;
  readonly isBounded?: boolean;
}): Client {
  const isSlacks = options.isSlacks ?? hostCheck(options.apiUrl);
  return new webApi.WebClient(options.token, {
    slackApiUrl: options.apiUrl.href,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    logger: options.logger,
    fetch: async (address, init) => {
      if (!isSlacks(String(address))) throw new Error("Slack names an address outside Slack, which is not asked.");
      const signal = options.isBounded
        ? options.signal
        : AbortSignal.any([options.signal, AbortSignal.timeout(timeoutMs)]);
      // Not Bun's own time limit, which is another.
      return fetch(address, { ...init, redirect: "error", signal, timeout: false } as RequestInit);
    },
  });
}

/** The host of the API itself; for Slack's own also what lies below slack.com, as its files do. */
export function hostCheck(apiUrl: URL): (address: string) => boolean {
  return (address) => {
    const { protocol, host, hostname } = new URL(address);
    if (protocol !== apiUrl.protocol) return false;
    return (
      host === apiUrl.host || (apiUrl.host === "slack.com" && hostname.endsWith(".slack.com") && host === hostname)
    );
  };
}

/** Bolt's words at the level of debugging hold whole messages, so what is not a warning goes nowhere. */
function quietLogger(log: Log): Logger {
  return {
    debug: () => {},
    info: () => {},
    warn: (...words) => log.warn("Slack's library warns.", said(words)),
    error: (...words) => log.warn("Slack's library has a problem.", said(words)),
    getLevel: () => LogLevel.WARN,
    setLevel: () => {},
    setName: () => {},
  };
}

function said(words: readonly unknown[]): { readonly says: string } {
  return { says: words.map((word) => (word instanceof Error ? word.message : String(word))).join(" ") };
}
