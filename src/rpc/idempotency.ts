import { fault } from "#protocol";
import type { KeyedRequest } from "#gateway";
import type { Caller } from "./caller.ts";

/** Params without the key, and the key. */
export function splitKey(params: unknown): { readonly params: unknown; readonly key?: string } {
  if (typeof params !== "object" || params === null || !("idempotencyKey" in params)) return { params };
  const { idempotencyKey: key, ...rest } = params;
  return typeof key === "string" ? { params: rest, key } : { params: rest };
}

/** Keys of two devices, or of a device and somebody with the token, are two keys. */
export function keyedRequest(
  { method, params, key }: { readonly method: string; readonly params: unknown; readonly key: string },
  caller: Caller,
): KeyedRequest {
  if (!key.isWellFormed()) throw fault.invalidParams({ path: "idempotencyKey", problem: "it is not valid Unicode" });
  return {
    id: hash(JSON.stringify([caller.deviceId ?? null, key])),
    key,
    requestHash: hash(canonicalJson([method, params])),
  };
}

/** The same for every spelling of one value: without blanks, names sorted. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_name, inner: unknown) => {
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
}

function hash(text: string): string {
  return Bun.SHA256.hash(text, "hex");
}
