import { type Fault, fault, type FaultCode } from "#protocol";

/** A request that is turned away, in HTTP's words. */
export interface Refusal {
  readonly status: number;
  readonly code: RefusalCode;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly data?: Readonly<Record<string, unknown>>;
}

/** Why the server itself turns a request away; everything deeper is a fault. */
export type RefusalCode =
  | FaultCode
  | "badRequest"
  | "credentialInUrl"
  | "methodNotAllowed"
  | "misdirectedRequest"
  | "notFound"
  | "originRefused"
  | "proxy_attribution_required"
  | "tooManyConnections"
  | "unsupportedMediaType"
  | "upgradeRequired"
  | "uriTooLong";

export function jsonResponse(
  value: unknown,
  init: { readonly status?: number; readonly headers?: Readonly<Record<string, string>> } = {},
): Response {
  const headers = { ...init.headers, "content-type": "application/json; charset=utf-8" };
  return new Response(`${JSON.stringify(value)}\n`, { status: init.status ?? 200, headers });
}

export function refuse({ status, code, message, headers, data }: Refusal): Response {
  return jsonResponse({ error: { code, message, ...(data && { data }) } }, { status, ...(headers && { headers }) });
}

/** A fault as an answer. With a wrong or missing credential the client learns how to bring one (RFC 6750, section 3). */
export function refuseFault(failure: Fault): Response {
  const hasData = Object.keys(failure.data).length > 0;
  return refuse({
    status: failure.status,
    code: failure.code,
    message: failure.message,
    headers: headersOf(failure),
    ...(hasData && { data: failure.data }),
  });
}

/** The same for `POST /rpc`, where whoever reads the answer expects a JSON-RPC error object. */
export function refuseRpcFault(failure: Fault): Response {
  const data = { name: failure.code, retryable: failure.isRetryable, ...failure.data };
  const error = { code: failure.rpc, message: failure.message, data };
  return jsonResponse({ jsonrpc: "2.0", id: null, error }, { status: failure.status, headers: headersOf(failure) });
}

/** For what was not planned: the caller learns the number under which the log tells the story. */
export function refuseInternal(incident: string): Response {
  return refuseFault(fault.internal({ incident }));
}

function headersOf(failure: Fault): Record<string, string> {
  if (failure.status === 401) return { "www-authenticate": 'Bearer realm="openclaw"' };
  if (!failure.isRetryable) return {};
  const seconds = failure.data["seconds"] ?? Number(failure.data["retryAfterMs"] ?? 1_000) / 1_000;
  return { "retry-after": String(Math.max(1, Math.ceil(Number(seconds)))) };
}
