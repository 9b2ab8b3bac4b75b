import { deadline } from "#base";
import { DiscordAPIError, HTTPError, RateLimitError, REST, type RequestData, type RouteLike } from "@discordjs/rest";
import type { SendRefusal } from "../channel.ts";

const requestMs = 15_000;

/** Discord's REST API for one account: no retry, no redirect, and a limit is told instead of waited for. */
export function createRest(options: { readonly apiBase: string; readonly token: string }): REST {
  return new REST({
    api: options.apiBase,
    version: "10",
    timeout: requestMs,
    retries: 0,
    offset: 0,
    rejectOnRateLimit: () => true,
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the library speaks of undici's types, which are fetch's own under other names
    makeRequest: (url, init) => fetch(url, { ...init, redirect: "error" } as object),
  }).setToken(options.token);
}

type Verb = "get" | "post" | "put" | "patch" | "delete";

export type Asked =
  | { readonly answer: unknown }
  | {
      readonly refusal: SendRefusal;
      /** Where Discord answered: HTTP's, and its own. */
      readonly status?: number;
      readonly code?: number | string;
    };

/** What Discord answered, or that it said no. Rejects, without any of the request in the error, when nobody knows. */
export async function ask(
  rest: REST,
  [verb, route]: readonly [Verb, RouteLike],
  request: RequestData & { readonly signal: AbortSignal },
): Promise<Asked> {
  // A signal of its own, because the library never takes its listener back.
  using own = deadline(request.signal, requestMs * 2);
  const tried = await rest[verb](route, { ...request, signal: own.signal }).then(
    (answer) => ({ answer }),
    (error: unknown) => ({ error }),
  );
  if ("answer" in tried) return tried;
  if (request.signal.aborted) throw abortReason(request.signal);
  const refused = refusalOf(tried.error);
  if (refused) return refused;
  // Without a cause: the library's errors carry the whole request, and an interaction's address carries its token.
  throw new Error(`Nobody knows whether Discord did it: ${reasonOf(tried.error)}`);
}

function refusalOf(error: unknown): Exclude<Asked, { answer: unknown }> | undefined {
  if (error instanceof RateLimitError) {
    const retryAfterMs = Math.max(1, Math.ceil(error.sublimitTimeout || error.retryAfter));
    return {
      refusal: { refused: "forNow", problem: "Discord asks to be left alone for a while.", retryAfterMs },
    };
  }
  if (error instanceof DiscordAPIError) {
    const problem = `Discord said no: ${error.message.slice(0, 300)} (${error.code}, HTTP ${error.status}).`;
    return {
      refusal: { refused: passing.has(error.status) ? "forNow" : "forGood", problem },
      status: error.status,
      code: error.code,
    };
  }
  if (!(error instanceof Error)) return undefined;
  if ("code" in error && unsent.has(String(error.code))) {
    return { refusal: { refused: "forNow", problem: "Discord cannot be reached." } };
  }
  // The library forgets a token that was refused, and says this from then on.
  if (error.message.startsWith("Expected token")) {
    return { refusal: { refused: "forNow", problem: badToken }, status: 401 };
  }
  return undefined;
}

export const badToken =
  "Discord does not accept the token: set another one, from the Bot page of the developer portal.";

/** Statuses that say nothing about the message: the token, a time limit, a conflict. */
const passing: ReadonlySet<number> = new Set([401, 408, 409, 425]);
/** Nothing was sent. */
const unsent: ReadonlySet<string> = new Set(["ConnectionRefused", "ECONNREFUSED", "FailedToOpenSocket", "ENOTFOUND"]);

function reasonOf(error: unknown): string {
  if (error instanceof HTTPError) return `HTTP ${error.status}`;
  if (error instanceof Error && error.name === "AbortError") return `no answer within ${requestMs / 1_000} seconds`;
  return error instanceof Error && "code" in error ? String(error.code) : "no answer";
}

function abortReason(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason : new DOMException("The request was cancelled.", "AbortError");
}
