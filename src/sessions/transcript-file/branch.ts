import type { Entry } from "./entry.ts";

/** The entries of the conversation, oldest first, or why there is none to be found. */
export type Branch =
  | { readonly ok: true; readonly entries: readonly Entry[]; readonly besides: number }
  | { readonly ok: false; readonly because: string };

/**
 * The branch that ends with the leaf: where the last `leaf` entry points, when nothing came after it, and otherwise the
 * last entry. Files of version 1 have one branch, in the order of their lines.
 */
export function branchOf(all: readonly Entry[]): Branch {
  if (!all.some(({ id }) => id !== undefined)) return { ok: true, entries: all, besides: 0 };
  const byId = new Map<string, Entry>();
  let leaf: string | null = null;
  for (const entry of all) {
    const { id, type } = entry;
    if (type === "leaf") leaf = targetOf(entry);
    if (id === undefined) continue;
    if (byId.has(id)) return { ok: false, because: `two entries have the id ${id}` };
    byId.set(id, entry);
    if (type !== "leaf") leaf = id;
  }
  const path: Entry[] = [];
  for (let id = leaf; id !== null;) {
    const entry = byId.get(id);
    if (!entry) return { ok: false, because: `there is no entry ${id}, which another one follows` };
    if (path.length > byId.size) return { ok: false, because: `the entry ${id} follows itself` };
    if (entry.type !== "leaf") path.push(entry);
    id = entry.parentId ?? null;
  }
  return { ok: true, entries: path.toReversed(), besides: all.length - path.length };
}

function targetOf(entry: Entry): string | null {
  const target = entry["targetId"] ?? entry["entryId"] ?? entry.parentId;
  return typeof target === "string" ? target : null;
}
