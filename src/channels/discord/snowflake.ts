const discordEpochMs = 1_420_070_400_000;

/** When Discord made the thing of this id. */
export function madeAt(id: string): number {
  return Number(BigInt(id) >> 22n) + discordEpochMs;
}

/** Ids grow with time, and longer ones are later. */
export function isLater(id: string, than: string): boolean {
  return id.length === than.length ? id > than : id.length > than.length;
}
