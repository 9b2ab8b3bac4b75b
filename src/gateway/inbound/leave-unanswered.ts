import type { Update } from "#channels";
import type { Line } from "../line.ts";

/** Nothing will be said to it: a platform that shows that we think until we say something is told so. */
export function leaveUnanswered(update: Update, { connection }: Line): void {
  if ("reply" in update && update.reply) void connection.unanswered?.(update.reply);
}
