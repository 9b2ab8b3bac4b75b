import type { MethodContext } from "./method.ts";
import { activeKeys, type SessionRow, sessionRow } from "./session-row.ts";

const pageRows = 500;
/** So many sessions are looked at for one answer, the last used first; what lies behind them is not found. */
const mostRead = 20_000;

export interface Search {
  readonly most: number;
  readonly isWanted: (row: SessionRow) => boolean;
  /** Only those last used before this time. */
  readonly before?: number;
}

/** The sessions that are wanted, until there are `most` of them or no more to look at; read in pages, so that others get their turn. */
export async function findSessions(
  { services }: MethodContext,
  { most, isWanted, before }: Search,
): Promise<readonly SessionRow[]> {
  const found: SessionRow[] = [];
  const active = activeKeys(services);
  let last: { readonly before: number; readonly beforeId?: string } | undefined =
    before === undefined ? undefined : { before };
  for (let read = 0; read < mostRead && found.length < most;) {
    // Where nothing is left out, the first page is all it takes.
    const limit = read === 0 ? Math.min(pageRows, most) : pageRows;
    const page = await services.sessions.list({ limit, ...last });
    read += page.length;
    for (const listing of page) {
      const row = sessionRow(listing, active);
      if (found.length < most && isWanted(row)) found.push(row);
    }
    const end = page.at(-1);
    if (!end || page.length < limit) break;
    last = { before: end.updatedAt, beforeId: end.id };
  }
  return found;
}
