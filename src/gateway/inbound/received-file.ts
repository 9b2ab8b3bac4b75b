import { nextTurn } from "#base";
import { Fault } from "#protocol";
import type { ReceivedFile } from "../gateway.ts";
import type { House } from "../house.ts";
import { promptMimeType } from "../prompts.ts";
import type { Run } from "../run.ts";

const eventsAtOnce = 100;
const mostBytes = 20 * 1024 * 1024;

/**
 * A file that came with a message of the turn's session. What the log says that a message brought counts, not what is
 * written in one: whoever types the hash of another conversation's file, or of a prompt, gets nothing by it.
 */
export async function receivedFile(
  { sessions, storage }: Pick<House, "sessions" | "storage">,
  run: Pick<Run, "sessionKey" | "signal">,
  blob: string,
): Promise<ReceivedFile> {
  const named = await findNamed(sessions, run, blob);
  if (!named) return no("No message of this conversation brought such a file. Take its blob as the message names it.");
  if (named.bytes > mostBytes) return no("The file is too large.");
  const row = await storage.blob(blob).catch((error: unknown) => {
    if (error instanceof Fault) throw error; // it may pass
    return undefined;
  });
  if (!row) return no("The file is not kept any more: files are deleted after a while. Ask for it to be sent again.");
  if (row.mimeType === promptMimeType) return no("That is no file of a message.");
  const { mimeType, bytes } = row;
  return { found: true, mimeType, bytes, ...(named.name !== undefined && { name: named.name }) };
}

/** The newest message that brought it: a page at a time, back to the beginning of the session. */
async function findNamed(
  sessions: House["sessions"],
  { sessionKey: key, signal }: Pick<Run, "sessionKey" | "signal">,
  blob: string,
) {
  const state = await sessions.state(key);
  if (!state) return undefined;
  for (let before = state.headSeq + 1; before > 1 && !signal.aborted;) {
    const range = { before, limit: eventsAtOnce, take: "last" } as const;
    const page = await sessions.read({ key, sessionId: state.id }, range);
    const files = page.flatMap(({ event }) => (event.kind === "MessageReceived" ? (event.files ?? []) : []));
    const named = files.findLast((file) => file.blob === blob);
    if (named) return named;
    before = page[0]?.seq ?? 0;
    await nextTurn();
  }
  return undefined;
}

function no(because: string): ReceivedFile {
  return { found: false, because };
}
