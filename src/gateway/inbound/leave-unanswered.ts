import type { ReplyTicket, Update } from "#channels";
import type { Line } from "../line.ts";

/** Nothing will be said to it: a platform that shows that we think until we say something is told so. */
export function leaveUnanswered(update: Update, { connection }: Line): void {
  const ticket = ticketOf(update);
  if (ticket) void connection.unanswered?.(ticket);
}

/** What its platform gave for the answer to it, where it gave something. */
export function ticketOf(update: Update): ReplyTicket | undefined {
  return "reply" in update ? update.reply : undefined;
}
