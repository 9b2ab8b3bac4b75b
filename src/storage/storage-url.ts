import type { Secret } from "#base";

/** Where sessions are kept. `shown` is how people may see it: without the user and the password. */
export type StoragePlace =
  | { readonly backend: "sqlite" | "memory"; readonly shown: string }
  | { readonly backend: "postgres"; readonly shown: string; readonly url: Secret };

export type ReadPlace =
  | { readonly ok: true; readonly place: StoragePlace }
  | { readonly ok: false; readonly because: string };

const expected = 'expected "sqlite", "memory:" or a URL like postgres://user:password@host:5432/database';

/** Never tells what it found, because that may hold a password. */
export function readStorageUrl(url: Secret): ReadPlace {
  const text = url.reveal().trim();
  if (text === "sqlite") return { ok: true, place: { backend: "sqlite", shown: "sqlite" } };
  if (text === "memory:") return { ok: true, place: { backend: "memory", shown: "memory:" } };
  const parsed = /^postgres(ql)?:\/\//.test(text) ? URL.parse(text) : null;
  if (!parsed) return { ok: false, because: expected };
  if (parsed.hostname === "") return { ok: false, because: `${expected}; this one names no host` };
  if (parsed.pathname.length < 2) return { ok: false, because: `${expected}; this one names no database` };
  const shown = `postgres://${parsed.host}${parsed.pathname}`;
  return { ok: true, place: { backend: "postgres", shown, url } };
}
