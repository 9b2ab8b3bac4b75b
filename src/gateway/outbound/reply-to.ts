import type { OutboxRow } from "#storage";
import { chatOf } from "../inbound/chat-of.ts";
import { commandMark } from "../inbound/said.ts";
import type { House } from "../house.ts";
import type { Line } from "../line.ts";
import { isFirstPiece } from "./pieces.ts";

/** The platform's id of the message that a row answers, where the settings want that shown. */
export async function replyToOf(
  { storage, sessions }: Pick<House, "storage" | "sessions">,
  { settings }: Line,
  { id, runId, to }: Pick<OutboxRow, "id" | "runId" | "to">,
): Promise<string | undefined> {
  const { replyTo = "off" } = settings;
  if (replyTo === "off" || runId === undefined || (replyTo === "first" && !isFirstPiece(id))) return undefined;
  const run = await storage.run(runId);
  const [stored] = run ? await sessions.read(run, { after: run.seq - 1, limit: 1, take: "first" }) : [];
  if (stored?.event.kind !== "MessageReceived" || stored.event.messageId.startsWith(commandMark)) return undefined;
  if (chatOf(stored.event.from) !== chatOf(to)) return undefined; // passed on to another chat, which does not have it
  return stored.event.messageId;
}
