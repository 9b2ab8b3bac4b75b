import type { Admitted } from "./guards.ts";

/** Puts on every answer what keeps browsers from reading more into it than is meant. A stricter or wider header set before stays. */
export function dress(response: Response, arrival?: Admitted): Response {
  for (const [name, value] of always) {
    if (!response.headers.has(name)) response.headers.set(name, value);
  }
  if (arrival?.crossOrigin !== undefined) {
    response.headers.set("access-control-allow-origin", arrival.crossOrigin);
    response.headers.set("access-control-expose-headers", "Retry-After");
    response.headers.append("vary", "Origin");
  }
  return response;
}

/** The socket is closed with the answer, and not kept for another request. */
export function lastAnswer(response: Response): Response {
  response.headers.set("connection", "close");
  return response;
}

/** Is this a browser asking whether a page may ask? (Fetch standard, CORS preflight.) The guards have refused the others. */
export function isPreflight({ method, crossOrigin, request }: Admitted): boolean {
  return method === "OPTIONS" && crossOrigin !== undefined && request.headers.has("access-control-request-method");
}

export function answerPreflight(): Response {
  return new Response(null, {
    status: 204,
    headers: {
      "access-control-allow-methods": "GET, POST, PATCH, DELETE",
      "access-control-allow-headers": "Authorization, Content-Type, X-Gateway-Token",
      "access-control-max-age": "600",
    },
  });
}

const always: readonly (readonly [name: string, value: string])[] = [
  ["cache-control", "no-store"],
  ["content-security-policy", "default-src 'none'; frame-ancestors 'none'"],
  ["cross-origin-resource-policy", "same-origin"],
  ["permissions-policy", "camera=(), geolocation=(), microphone=()"],
  ["referrer-policy", "no-referrer"],
  ["x-content-type-options", "nosniff"],
  ["x-frame-options", "DENY"],
];
