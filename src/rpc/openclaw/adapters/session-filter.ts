import { type Static, Type } from "@sinclair/typebox";
import type { SessionRow } from "../../session-row.ts";
import { open } from "./adapter.ts";

export const mostListed = 1_000;
export const usuallyListed = 100;

const text = Type.Optional(Type.String({ maxLength: 512 }));

/** What clients narrow a list of sessions by, as far as our sessions differ in it. */
export const ListParams = Type.Object(
  {
    limit: Type.Optional(Type.Integer({ minimum: 1 })),
    offset: Type.Optional(Type.Integer({ minimum: 0, maximum: 20_000 })),
    activeMinutes: Type.Optional(Type.Integer({ minimum: 1 })),
    activeOnly: Type.Optional(Type.Boolean()),
    label: text,
    search: text,
    agentId: text,
    spawnedBy: text,
    archived: Type.Optional(Type.Union([Type.Boolean(), Type.Literal("all")])),
    pinned: Type.Optional(Type.Boolean()),
  },
  open,
);
export type ListParams = Static<typeof ListParams>;

/** No session of ours is archived, pinned or spawned by another: who asks for such alone gets none. */
export function isWanted(row: SessionRow, wanted: ListParams): boolean {
  if (wanted.archived === true || wanted.pinned === true || wanted.spawnedBy !== undefined) return false;
  const { label, search, agentId } = wanted;
  return (
    isActive(row, wanted) &&
    (agentId === undefined || row.agentId === agentId) &&
    (label === undefined || row.label === label) &&
    (search === undefined || mentions(row, search.toLowerCase()))
  );
}

function isActive(row: SessionRow, { activeMinutes, activeOnly = false }: ListParams): boolean {
  if (activeOnly && !row.hasActiveRun) return false;
  return activeMinutes === undefined || row.updatedAt >= Date.now() - activeMinutes * 60_000;
}

function mentions({ key, label, preview }: SessionRow, search: string): boolean {
  return [key, label, preview].some((said) => said?.toLowerCase().includes(search));
}
