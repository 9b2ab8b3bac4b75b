import { pause } from "#base";
import type { House } from "../house.ts";
import type { Line } from "../line.ts";
import type { Run } from "../run.ts";
import { forPeople } from "./for-people.ts";

const usualTypingMs = 5_000;
/** An answer that comes sooner needs no sign of it, which would count against what the platform lets us say. */
const firstTypingMs = 300;
const mostMs = 15 * 60 * 1_000;
const draftEveryMs = 1_000;
const timeoutMs = 10_000;

/** A turn, and the chat that may see it work. */
export interface Attended {
  readonly sessions: House["sessions"];
  readonly line: Line;
  readonly run: Run;
  /** Aborts when the turn is over. */
  readonly over: AbortSignal;
}

/** Lets a chat see that its turn works: that we type, and where it is wanted, the answer as it grows. Never the answer itself. */
export async function attend(attended: Attended): Promise<void> {
  const until = AbortSignal.any([attended.over, AbortSignal.timeout(mostMs)]);
  await Promise.all([keepTyping(attended, until), keepDrafting(attended, until)]);
}

/** A platform shows one `typing` for a while; a little before it is over comes the next. */
async function keepTyping({ line: { channel, connection }, run }: Attended, until: AbortSignal): Promise<void> {
  if (!connection.typing) return;
  const everyMs = Math.round((channel.typingMs ?? usualTypingMs) * 0.8);
  await pause(firstTypingMs, until).catch(() => undefined);
  while (!until.aborted) {
    await connection.typing(run.from, bounded(until)).catch(() => undefined);
    await pause(everyMs, until).catch(() => undefined);
  }
}

/** One draft at a time, and the newest text alone: a platform that is slow gets fewer. One that refuses gets no more. */
async function keepDrafting(attended: Attended, until: AbortSignal): Promise<void> {
  const { run, line } = attended;
  const { connection, settings, channel } = line;
  if (settings.streaming !== "partial" || !connection.draft) return;
  let seen = 0;
  while (!until.aborted) {
    await grown(attended, seen, until);
    const said = run.view().text;
    seen = said.length;
    const text = forPeople(said).slice(0, channel.text.most);
    if (until.aborted || text === "") continue;
    const refused = await connection.draft(run.from, run.runId, text, bounded(until)).catch(() => undefined);
    if (refused) return;
    await pause(draftEveryMs, until).catch(() => undefined);
  }
}

/** Resolves when there is more to show, or nothing will come any more. */
function grown({ sessions, run }: Attended, seen: number, until: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (until.aborted || run.view().text.length > seen) return resolve();
    const done = () => {
      stop();
      until.removeEventListener("abort", done);
      resolve();
    };
    const stop = sessions.subscribe((notice) => {
      if (notice.type === "delta" && notice.delta.runId === run.runId && notice.delta.kind === "TextDelta") done();
    });
    until.addEventListener("abort", done, { once: true });
  });
}

function bounded(signal: AbortSignal): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
}
