import { firstText } from "./first-text.ts";
import { ServerRefusal } from "./failure.ts";

/**
 * What the SDKs are given for `fetch`. The method, address, body and signal are theirs; the rest is ours:
 * - exactly these headers, because the SDKs also take keys, identities and whole headers from the environment;
 * - no redirect, because the headers may carry a key to wherever it points;
 * - no time limit of Bun's own (five minutes of silence): the limits are in `Connection`;
 * - a status other than 2xx rejects with the beginning of its body, and with no more of it than that.
 */
export function exactFetch(headers: Headers): (url: string | URL | Request, init?: RequestInit) => Promise<Response> {
  return async (url, init) => {
    const response = await fetch(url, {
      method: init?.method ?? "POST",
      body: init?.body ?? null,
      signal: init?.signal ?? null,
      headers,
      redirect: "manual",
      timeout: false,
    });
    if (response.ok) return response;
    throw new ServerRefusal(response.status, response.headers, await firstText(response));
  };
}
