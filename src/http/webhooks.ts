import { type Clock, type Log, pause } from "#base";
import type { Connection, WebhookAnswer } from "#channels";
import { Fault, fault } from "#protocol";
import { addressGroup } from "#rpc";
import type { Admitted } from "./guards.ts";
import { refuse } from "./refusal.ts";
import { WrongSecrets } from "./wrong-secrets.ts";

/** Finds who takes what a platform brings to an account; undefined where nobody does. */
export type FindTaker = (to: { readonly channel: string; readonly account: string }) => Taker | undefined;

type Taker = NonNullable<Connection["take"]>;

export interface WebhooksOptions {
  readonly find: FindTaker;
  readonly log: Log;
  readonly clock: Clock;
  readonly limits?: Partial<WebhookLimits>;
}

export interface WebhookLimits {
  readonly bodyBytes: number;
  /** Of all bodies that are being read or worked on. */
  readonly heldBytes: number;
  /** From the head of the request to the end of its body. */
  readonly bodyMs: number;
  readonly answerMs: number;
}

const usual: WebhookLimits = { bodyBytes: 1024 * 1024, heldBytes: 32 * 1024 * 1024, bodyMs: 10_000, answerMs: 25_000 };

/**
 * Requests of chat platforms, which bring no credential of ours: whoever takes them checks their signature. A body is read
 * within bounds before, because signatures are over bodies.
 */
export function createWebhooks(options: WebhooksOptions): (arrival: Admitted) => Promise<Response> {
  const { find, log, clock } = options;
  const limits = { ...usual, ...options.limits };
  const wrongSecrets = new WrongSecrets(clock);
  const held = { bytes: 0 };

  const takeIn = async (arrival: Admitted, take: Taker, rest: string): Promise<WebhookAnswer | undefined> => {
    const { request, method, query } = arrival;
    const mine = { bytes: 0 };
    const hold = (bytes: number) => {
      if (held.bytes + bytes > limits.heldBytes) throw fault.tooManyRequests({ problem: "Too much is being taken" });
      held.bytes += bytes;
      mine.bytes += bytes;
    };
    try {
      const body = await readWithin(request, limits, hold);
      const path = query.size > 0 ? `${rest}?${query.toString()}` : rest;
      return body && (await bounded(limits.answerMs, take({ method, path, headers: request.headers, body })));
    } finally {
      held.bytes -= mine.bytes;
    }
  };

  return async (arrival) => {
    const { method, path } = arrival;
    if (method !== "POST" && method !== "GET") return wrongMethod(method);
    const place = placeOf(path);
    const take = place && find(place);
    if (!place || !take) return nothingThere(path);
    const account = `${place.channel}/${place.account}`;
    const address = addressGroup(arrival.address);
    const showsSecret = method === "POST";
    if (showsSecret) wrongSecrets.check(account, address);
    try {
      const answer = await takeIn(arrival, take, place.rest);
      if (showsSecret && isWrongSecret(answer)) wrongSecrets.note(account, address);
      return answer ? responseOf(answer) : tooSlow();
    } catch (error) {
      if (error instanceof Fault) throw error;
      log.warn("what a platform brought could not be taken", { account, error });
      throw fault.storageUnavailable({ problem: "it was not taken" }, error);
    }
  };
}

interface Place {
  readonly channel: string;
  readonly account: string;
  readonly rest: string;
}

function placeOf(path: string): Place | undefined {
  const parts = /^\/webhooks\/([\w-]+)\/([\w-]+)(\/.*)?$/.exec(path);
  const [, channel, account, rest = ""] = parts ?? [];
  return channel === undefined || account === undefined ? undefined : { channel, account, rest };
}

/** Undefined when it takes too long. `hold` is told of all that comes before it is kept. */
async function readWithin(
  request: Request,
  { bodyBytes, bodyMs }: WebhookLimits,
  hold: (bytes: number) => void,
): Promise<Uint8Array | undefined> {
  const tooLarge = () => fault.tooLarge({ problem: `The body is larger than ${bodyBytes} bytes` });
  if (Number(request.headers.get("content-length") ?? 0) > bodyBytes) throw tooLarge();
  const reader = request.body?.getReader();
  if (!reader) return new Uint8Array();
  const patience = new AbortController();
  const late = pause(bodyMs, patience.signal).then(
    () => "late" as const,
    () => "late" as const,
  );
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for (;;) {
      const next = await Promise.race([reader.read(), late]);
      if (next === "late") return undefined;
      if (next.done) return Buffer.concat(chunks);
      bytes += next.value.byteLength;
      if (bytes > bodyBytes) throw tooLarge();
      hold(next.value.byteLength);
      chunks.push(next.value);
    }
  } finally {
    patience.abort();
    await reader.cancel().catch(() => undefined);
  }
}

async function bounded(ms: number, work: Promise<WebhookAnswer>): Promise<WebhookAnswer> {
  const patience = new AbortController();
  const late = pause(ms, patience.signal).then(() => {
    throw new Error("it was not taken in time");
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    late.catch(() => undefined);
    patience.abort();
  }
}

function isWrongSecret(answer: WebhookAnswer | undefined): boolean {
  return answer?.status === 401 || answer?.status === 403;
}

function responseOf({ status, body, headers }: WebhookAnswer): Response {
  return new Response(body ?? null, {
    status,
    headers: { ...(body !== undefined && { "content-type": "text/plain; charset=utf-8" }), ...headers },
  });
}

/** The same for an account that is not there, one that is not open, and one that is not called this way. */
function nothingThere(path: string): Response {
  return refuse({ status: 404, code: "notFound", message: `There is nothing at ${path}.` });
}

function wrongMethod(method: string): Response {
  const allow = "GET, POST";
  return refuse({ status: 405, code: "methodNotAllowed", message: `${method} is not for this.`, headers: { allow } });
}

function tooSlow(): Response {
  const message = "The body took too long.";
  return refuse({ status: 408, code: "badRequest", message, headers: { connection: "close" } });
}
