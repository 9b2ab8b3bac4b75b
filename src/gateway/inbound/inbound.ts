import type { Update } from "#channels";
import type { Line } from "../line.ts";

/** The way in from the platforms. */
export interface Inbound extends AsyncDisposable {
  /**
   * Resolves when the update is on disk, or is known to be unwanted. Rejects when it could not be taken: the platform must
   * bring it again. One that broke five times is put aside, and resolves. Updates of one chat must be handed over in order.
   */
  take(update: Update, line: Line): Promise<void>;
}
