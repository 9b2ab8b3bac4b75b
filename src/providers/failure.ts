import { clip, parseJson } from "#base";
import type { ModelProblem } from "./provider.ts";
import { longestAskedMs, retryAfterMs } from "./retry-after.ts";

/** Why one try has no answer. */
export interface Failure {
  readonly kind: ModelProblem["kind"];
  /** Goes behind the provider's name and a colon. May quote the server: it is cleaned before anybody reads it. */
  readonly says: string;
  /** Trying the same again may help. */
  readonly isTransient: boolean;
  /** How long the server asks to wait first. */
  readonly retryAfterMs?: number;
}

/** An answer that is none: its status, its headers and the beginning of its body. */
export class ServerRefusal extends Error {
  override readonly name = "ServerRefusal";
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;

  constructor(status: number, headers: Headers, body: string) {
    // Fixed, because the SDKs guess from the words of an error what it is.
    super("the server refused");
    this.status = status;
    this.headers = headers;
    this.body = body;
  }
}

/** The SDKs wrap what their `fetch` throws. */
export function refusalIn(error: unknown): ServerRefusal | undefined {
  for (let now = error, depth = 0; now instanceof Error && depth < 6; now = now.cause, depth++) {
    if (now instanceof ServerRefusal) return now;
  }
  return undefined;
}

type Meaning = readonly [kind: ModelProblem["kind"], says: string, isTransient: boolean];

const statuses: ReadonlyMap<number, Meaning> = new Map([
  [400, ["badRequest", "the request was refused", false]],
  [401, ["auth", "the API key is missing or was not accepted", false]],
  [402, ["billing", "the account has to be paid", false]],
  [403, ["auth", "the API key may not do this", false]],
  [404, ["badRequest", "there is no such model, or base_url is wrong", false]],
  [408, ["timeout", "the server gave up waiting", true]],
  [409, ["overloaded", "the server is in conflict with another request", true]],
  [413, ["contextLength", "the request is too large", false]],
  [429, ["rateLimit", "there were too many requests", true]],
  [504, ["timeout", "the server waited too long for another one", true]],
  [529, ["overloaded", "the server has too much to do", true]],
] as const satisfies readonly (readonly [number, Meaning])[]);

/** What the statuses leave open, the first that fits. The words are those of the servers themselves. */
const wordings: readonly (readonly [pattern: RegExp, meaning: Meaning])[] = [
  [
    /context_length_exceeded|maximum context length|prompt is too long|exceed_context_size|available context size|input token count .{0,40}exceeds|maximum prompt length|reduce the length of the (messages|prompt)|context window/i,
    ["contextLength", "the conversation is too long for this model", false],
  ],
  [
    /insufficient_quota|credit balance is too low|insufficient (balance|credits)|billing_hard_limit/i,
    ["billing", "the account has no credit left", false],
  ],
  [/content_filter|content_policy_violation/i, ["refusal", "the content was refused", false]],
];

/** The error types that come inside a stream, where there is no status. */
const errorTypes: readonly (readonly [pattern: RegExp, status: number])[] = [
  [/overloaded/i, 529],
  [/rate_?limit/i, 429],
  [/authentication/i, 401],
  [/permission/i, 403],
  [/not_found/i, 404],
  [/invalid_request/i, 400],
  [/too_large/i, 413],
];

export function failureOfRefusal({ status, headers, body }: ServerRefusal): Failure {
  const [kind, says, isTransient] = meaningOf(status, body);
  const asked = retryAfterMs(headers, Date.now());
  const wait = asked !== undefined && asked > longestAskedMs ? `; it asks to wait ${Math.ceil(asked / 1000)} s` : "";
  return {
    kind,
    says: `${says} (${status})${wait}${quote(body)}`,
    isTransient: isTransient && headers.get("x-should-retry") !== "false",
    ...(asked === undefined ? {} : { retryAfterMs: asked }),
  };
}

/** An error that came instead of a part: a JSON text with an `error`. */
export function failureInStream(body: string): Failure {
  const { type, code } = errorIn(body);
  const known = errorTypes.find(([pattern]) => pattern.test(`${type} ${code}`))?.[1];
  const status = known ?? (Number(code) >= 400 && Number(code) < 600 ? Number(code) : 500);
  const [kind, says, isTransient] = meaningOf(status, body);
  return { kind, says: `${says}${quote(body)}`, isTransient };
}

/** What the network did, by its code alone: the words of such errors may hold addresses and headers. */
export function failureOfNetwork(error: unknown, host: string): Failure {
  const code = codeOf(error);
  if (/zlib|decompress/i.test(code)) return badResponse(`it sent something that cannot be decompressed (${code})`);
  const isTrusted = !/CERT|SIGNATURE|ALTNAME|EPROTO/i.test(code);
  const says = isTrusted
    ? `${host} cannot be reached, or the connection to it broke`
    : `${host} cannot be trusted or does not speak TLS`;
  return { kind: "network", says: `${says} (${code})`, isTransient: isTrusted };
}

export const brokenOff: Failure = {
  kind: "network",
  says: "the connection was closed before the answer was complete",
  isTransient: true,
};

export function badResponse(says: string): Failure {
  return { kind: "badResponse", says, isTransient: false };
}

export function silentFor(ms: number): Failure {
  return { kind: "timeout", says: `the server was silent for ${ms / 1000} s`, isTransient: true };
}

/** What may be shown: no secret, one line, at most 500 characters. */
export function problemOf(failure: Failure, provider: string, secrets: readonly string[]): ModelProblem {
  // Shorter ones would turn every message into riddles, and keep nothing safe anyway. The longest first, so that a secret
  // inside another leaves nothing of it.
  const cleaned = secrets
    .filter((secret) => secret.length >= 4)
    .toSorted((a, b) => b.length - a.length)
    .reduce((text, secret) => text.replaceAll(secret, "[secret]"), `${provider}: ${failure.says}`);
  return { kind: failure.kind, message: clip(cleaned.replaceAll(/[\s\p{Cc}]+/gu, " ").trim(), 500) };
}

function meaningOf(status: number, body: string): Meaning {
  const worded = wordings.find(([pattern]) => pattern.test(body));
  // A server that fails may quote anything; one that refuses says why.
  if (worded && (status < 500 || worded[1][0] === "contextLength")) return worded[1];
  const known = statuses.get(status);
  if (known) return known;
  if (status >= 500) return ["overloaded", "the server failed", true];
  if (status < 400)
    return ["badRequest", "the server points elsewhere, which is not followed; set base_url to it", false];
  return ["badRequest", "the request was refused", false];
}

/** The server's own words, as far as they are words. */
function quote(body: string): string {
  const said = wordsOf(body).trim();
  if (said === "") return "";
  return /^<(!doctype|html|\?xml)/i.test(said) ? ": it sent a web page, so base_url may be wrong" : `: ${said}`;
}

function wordsOf(body: string): string {
  return deepestMessage(parseJson(body), 0) ?? body;
}

/** `{error: {message}}`, `{error: "…"}`, `{detail: [{msg}]}`, `{message}`: each server has its own. */
function deepestMessage(value: unknown, depth: number): string | undefined {
  if (typeof value === "string") return value;
  if (depth > 4) return undefined;
  const fields = fieldsOf(value);
  for (const name of ["error", "message", "detail", "msg", "0"]) {
    const found = deepestMessage(fields.get(name), depth + 1);
    if (found) return found;
  }
  return undefined;
}

function errorIn(body: string): { readonly type: string; readonly code: string } {
  const error = fieldsOf(fieldsOf(parseJson(body)).get("error"));
  return { type: String(error.get("type")), code: String(error.get("code")) };
}

function fieldsOf(value: unknown): ReadonlyMap<string, unknown> {
  return new Map(typeof value === "object" && value !== null ? Object.entries(value) : []);
}

function codeOf(error: unknown): string {
  for (let now = error, depth = 0; now instanceof Error && depth < 6; now = now.cause, depth++) {
    if ("code" in now && typeof now.code === "string") return now.code;
  }
  return error instanceof Error ? error.name : "unknown error";
}
