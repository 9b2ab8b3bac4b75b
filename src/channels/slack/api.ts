import { type Log, sayingOf } from "#base";
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
  /** One request, for a signal that has a bound of its own, by a client that serves the next one too: each is hundreds of functions. */
  call<T>(signal: AbortSignal, ask: (client: Client) => Promise<T>): Promise<T>;
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
    call: createLending((signalOf) => makeClient({ ...options, logger, isSlacks }, signalOf)),
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

interface Asking {
  readonly apiUrl: URL;
  readonly token: string;
  readonly logger: Logger;
  readonly isSlacks?: (address: string) => boolean;
}

/** Asks with the app's token instead of the bot's. */
export function createClient(options: Asking & { readonly signal: AbortSignal; readonly isBounded?: boolean }): Client {
  const { signal, isBounded } = options;
  return makeClient(options, () => (isBounded ? signal : AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])));
}

function makeClient(
  { apiUrl, token, logger, isSlacks = hostCheck(apiUrl) }: Asking,
  signalOf: () => AbortSignal,
): Client {
  return new webApi.WebClient(token, {
    slackApiUrl: apiUrl.href,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    logger,
    fetch: async (address, init) => {
      if (!isSlacks(String(address))) throw new Error("Slack names an address outside Slack, which is not asked.");
      // Not Bun's own time limit, which is another.
      return fetch(address, { ...init, redirect: "error", signal: signalOf(), timeout: false } as RequestInit);
    },
  });
}

const mostIdle = 2;

/** A client is lent to one call at a time, because the signal goes with the client and not with the request. */
function createLending(make: (signalOf: () => AbortSignal) => Client): Api["call"] {
  const idle: Lent[] = [];
  return async (signal, ask) => {
    const { client, bound } = idle.pop() ?? newLent(make);
    bound.signal = signal;
    try {
      return await ask(client);
    } finally {
      bound.signal = over;
      if (idle.length < mostIdle) idle.push({ client, bound });
    }
  };
}

interface Lent {
  readonly client: Client;
  readonly bound: { signal: AbortSignal };
}

function newLent(make: (signalOf: () => AbortSignal) => Client): Lent {
  const bound = { signal: over };
  return { client: make(() => bound.signal), bound };
}

/** Of a client that is lent to nobody: what it would still ask is not asked. */
const over = AbortSignal.abort();

/** The host of the API itself; for Slack's own also what lies below slack.com, as its files do. */
export function hostCheck(apiUrl: URL): (address: string) => boolean {
  return (address) => {
    if (address.startsWith(apiUrl.href)) return true; // to the end of the host, which a slash ends
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
    warn: (...words) => {
      // Whoever asked tells of it, and knows what it was for.
      if (words[0] === "http request failed") return log.debug("Slack's library was not answered.", said(words));
      log.warn("Slack's library warns.", said(words));
    },
    error: (...words) => log.warn("Slack's library has a problem.", said(words)),
    getLevel: () => LogLevel.WARN,
    setLevel: () => {},
    setName: () => {},
  };
}

function said(words: readonly unknown[]): { readonly says: string } {
  return { says: words.map((word) => sayingOf(word, String(word))).join(" ") };
}
