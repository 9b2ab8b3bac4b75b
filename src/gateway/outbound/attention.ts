import { deadline, pause } from "#base";
import type { Attended } from "./attended.ts";
import type { Run } from "../run.ts";
import { cut } from "./cut.ts";
import { forPeople } from "./for-people.ts";
import { keepGrowing } from "./growing.ts";
import { labelled } from "./pieces.ts";

const usualTypingMs = 5_000;
const mostMs = 15 * 60 * 1_000;
const draftEveryMs = 1_000;
const timeoutMs = 10_000;

/** Lets a chat see that its turn works: that we type, and where it is wanted, the answer as it grows. */
export async function attend(attended: Omit<Attended, "grown"> & { readonly over: AbortSignal }): Promise<void> {
  using bounded = deadline(attended.over, mostMs);
  const until = bounded.signal;
  const { house, run } = attended;
  const all = { ...attended, grown: (seen: number, signal: AbortSignal) => hearMore({ house, run }, seen, signal) };
  await Promise.all([keepTyping(all, until), keepShowing(all, until)]);
}

/** A platform shows one `typing` for a while; a little before it is over comes the next. */
async function keepTyping(
  { line: { channel, connection }, run, typesAfterMs }: Attended,
  until: AbortSignal,
): Promise<void> {
  if (!connection.typing) return;
  const everyMs = Math.round((channel.typingMs ?? usualTypingMs) * 0.8);
  if (typesAfterMs > 0) await pause(typesAfterMs, until).catch(() => undefined);
  while (!until.aborted) {
    using limit = deadline(until, timeoutMs);
    await connection.typing(run.from, limit.signal).catch(() => undefined);
    await pause(everyMs, until).catch(() => undefined);
  }
}

/** A draft is no message and leaves nothing behind, so it comes first; some chats have none. */
async function keepShowing(attended: Attended, until: AbortSignal): Promise<void> {
  if ((attended.line.settings.streaming ?? "off") === "off") return;
  if ((await keepDrafting(attended, until)) === "notHere" && !until.aborted) await keepGrowing(attended, until);
}

/** One draft at a time, and the newest text alone: a platform that is slow gets fewer. One that refuses gets no more. */
async function keepDrafting({ line, run, grown, label }: Attended, until: AbortSignal): Promise<"notHere" | "over"> {
  const { connection, channel } = line;
  if (!connection.draft) return "notHere";
  const { closeMarkdown } = await import("#markup");
  let seen = 0;
  while (!until.aborted) {
    await grown(seen, until);
    const said = run.stepText;
    seen = said.length;
    const [text = ""] = await cut(labelled(forPeople(said), label), channel.text);
    if (until.aborted || text === "") continue;
    using limit = deadline(until, timeoutMs);
    const refused = await connection
      .draft(run.from, run.runId, closeMarkdown(text), limit.signal)
      .catch(() => undefined);
    if (refused?.refused === "forGood") return "notHere";
    await pause(Math.max(draftEveryMs, refused?.retryAfterMs ?? 0), until).catch(() => undefined);
  }
  return "over";
}

function hearMore({ house, run }: Pick<Attended, "house" | "run">, seen: number, until: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (until.aborted || saysElse(run, seen)) return resolve();
    const done = () => {
      stop();
      until.removeEventListener("abort", done);
      resolve();
    };
    const stop = house.sessions.subscribe((notice) => {
      if (notice.type === "delta" && notice.delta.runId === run.runId && saysElse(run, seen)) done();
    });
    until.addEventListener("abort", done, { once: true });
  });
}

function saysElse({ stepText }: Run, seen: number): boolean {
  return stepText.length > 0 && stepText.length !== seen;
}
