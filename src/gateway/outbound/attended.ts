import type { House } from "../house.ts";
import type { Line } from "../line.ts";
import type { Run } from "../run.ts";

/** A turn, and the chat that may see it work. */
export interface Attended {
  readonly house: Pick<House, "sessions" | "storage" | "previews" | "tickets">;
  /** Who says it, where a chat has several. */
  readonly label: string | undefined;
  readonly line: Line;
  readonly run: Run;
  readonly typesAfterMs: number;
  /** Resolves when the turn says something else than the first `seen` characters of what it says now, or is over. */
  readonly grown: (seen: number, until: AbortSignal) => Promise<void>;
}
