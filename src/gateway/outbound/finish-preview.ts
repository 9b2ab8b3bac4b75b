import { failPoint } from "#base";
import type { OutboundMessage, Posted } from "#channels";
import type { Line } from "../line.ts";
import { heard, look, type Transmission } from "../transmit.ts";
import { type Preview, previewKey } from "./previews.ts";

/** What became of the message that had shown an answer while it grew. `gone`: it cannot be the answer, which is to be sent. */
export type Finished =
  | Transmission
  | { readonly became: "withdrawn" }
  | { readonly became: "gone"; readonly mayBeTwice?: true };

interface Parts {
  readonly line: Line;
  readonly runId: string;
  readonly preview: Preview;
  /** Keeps where it is, as soon as that is known. */
  readonly found: (preview: Preview) => Promise<void>;
  readonly signal: AbortSignal;
}

/**
 * Makes the answer's first piece of what the chat has seen growing, or takes that away where there is no answer. It can be
 * done again: the second edit says the same as the first.
 */
export async function finishPreview(message: OutboundMessage, parts: Parts): Promise<Finished> {
  const { preview, runId, line, found, signal } = parts;
  const { to } = message;
  if (preview.messageId !== undefined) {
    const written = await write(message, { to, messageId: preview.messageId }, parts);
    return preview.mayBeTwice ? inDoubt(written) : written;
  }
  const seen = await look(line, { to, clientKey: previewKey(runId) }, signal);
  if (seen.became === "sent") {
    await found({ messageId: seen.messageId });
    return write(message, { to, messageId: seen.messageId }, parts);
  }
  if (seen.became !== "missing") return seen;
  if (message.text === "") return { became: "withdrawn" };
  if (line.connection.find) return { became: "gone" };
  return sendOver(message, parts);
}

/**
 * Nobody can tell whether it is there. Under its own key, a platform that knows what it has gives that, with the words that
 * it had then; another one may now have two, and the log says so.
 */
async function sendOver(message: OutboundMessage, parts: Parts): Promise<Finished> {
  const { line, runId, found, signal } = parts;
  const sent = await heard(signal, async (bounded) =>
    line.connection.send({ ...message, clientKey: previewKey(runId) }, bounded),
  );
  if ("became" in sent) return sent;
  if (!("messageId" in sent)) return { became: "refused", ...sent };
  await found({ messageId: sent.messageId, mayBeTwice: true });
  return inDoubt(await write(message, { to: message.to, messageId: sent.messageId }, parts));
}

function inDoubt(finished: Finished): Finished {
  return finished.became === "sent" || finished.became === "gone" ? { ...finished, mayBeTwice: true } : finished;
}

async function write({ text }: OutboundMessage, posted: Posted, { line, signal }: Parts): Promise<Finished> {
  const { connection } = line;
  const change = await heard(signal, async (bounded) => {
    if (text !== "") return connection.edit?.(posted, text, bounded);
    return connection.delete?.(posted, bounded);
  });
  if (change === undefined) {
    failPoint("outbox.preview.finished");
    return text === "" ? { became: "withdrawn" } : { became: "sent", messageId: posted.messageId, isEdit: true };
  }
  if ("became" in change) return change;
  if (change.refused === "forNow") return { became: "refused", ...change };
  if (text === "") return { became: "withdrawn" }; // somebody else took it away, or nobody can
  // Somebody deleted it, or it is too late to edit it: then it must not stand beside the answer.
  await heard(signal, async (bounded) => connection.delete?.(posted, bounded));
  return { became: "gone" };
}
