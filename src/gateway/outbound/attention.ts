import { pause } from "#base";
import type { House } from "../house.ts";
import type { Line } from "../line.ts";
import type { Run } from "../run.ts";
import { forPeople } from "./for-people.ts";

const usualTypingMs = 5_000;
const mostTypingMs = 15 * 60 * 1_000;
const draftEveryMs = 1_000;
const timeoutMs = 10_000;

/** Lets a chat see that its turn works: that we type, and where it is wanted, the answer as it grows. Never the answer itself. */
export async function attend(house: Pick<House, "sessions">, line: Line, run: Run, over: AbortSignal): Promise<void> {
  const until = AbortSignal.any([over, AbortSignal.timeout(mostTypingMs)]);
  await Promise.all([keepTyping(line, run, until), keepDrafting(house, line, run, until)]);
}

/** A platform shows one `typing` for a while; a little before it is over comes the next. */
async function keepTyping({ channel, connection }: Line, { from }: Run, until: AbortSignal): Promise<void> {
  if (!connection.typing) return;
  const everyMs = Math.round((channel.typingMs ?? usualTypingMs) * 0.8);
  while (!until.aborted) {
    await connection.typing(from, bounded(until)).catch(() => undefined);
    await pause(everyMs, until).catch(() => undefined);
  }
}

/** One draft at a time, and the newest text alone: a platform that is slow gets fewer. One that refuses gets no more. */
async function keepDrafting(house: Pick<House, "sessions">, line: Line, run: Run, until: AbortSignal): Promise<void> {
  const { connection, settings } = line;
  if (settings.streaming !== "partial" || !connection.draft) return;
  let shown = "";
  while (!until.aborted) {
    await grown(house, run, shown, until);
    const text = forPeople(run.view().text).slice(0, line.channel.text.most);
    if (until.aborted || text === shown || text === "") continue;
    const refused = await connection.draft(run.from, run.runId, text, bounded(until)).catch(() => undefined);
    if (refused) return;
    shown = text;
    await pause(draftEveryMs, until).catch(() => undefined);
  }
}

/** Resolves when there is more to show, or nothing will come any more. */
function grown(house: Pick<House, "sessions">, run: Run, shown: string, until: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (until.aborted || run.view().text.length > shown.length) return resolve();
    const done = () => {
      stop();
      until.removeEventListener("abort", done);
      resolve();
    };
    const stop = house.sessions.subscribe((notice) => {
      if (notice.type === "delta" && notice.delta.runId === run.runId && notice.delta.kind === "TextDelta") done();
    });
    until.addEventListener("abort", done, { once: true });
  });
}

function bounded(signal: AbortSignal): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
}
