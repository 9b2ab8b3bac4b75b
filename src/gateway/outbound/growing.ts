import { failPoint, pause } from "#base";
import type { OutboundMessage, SendRefusal } from "#channels";
import type { Address } from "#protocol";
import { defaultAccount } from "../line.ts";
import { heard, look } from "../transmit.ts";
import type { Attended } from "./attended.ts";
import { cut } from "./cut.ts";
import { forPeople } from "./for-people.ts";
import { labelled } from "./pieces.ts";
import { previewKey } from "./previews.ts";
import { replyToOf } from "./reply-to.ts";

/** An answer that is whole so soon is sent as one. */
const patienceMs = 600;
const usualEveryMs = 1_000;
const lookEveryMs = 200;
const timeoutMs = 10_000;
const mostLookedAt = 64;

type Step =
  | { readonly is: "shown"; readonly messageId: string }
  /** It is there, and its words may not be. */
  | { readonly is: "begun"; readonly messageId: string }
  | { readonly is: "tryLater"; readonly waitMs: number }
  /** It cannot grow any more; what becomes of it is for whoever delivers the answer. */
  | { readonly is: "over" };

/** Shows the answer in a message that grows: one step at a time, the newest text alone, at the platform's pace. */
export async function keepGrowing(attended: Attended, until: AbortSignal): Promise<void> {
  const { house, line, run, grown } = attended;
  if (!line.connection.grow) return;
  const before = await foundBefore(attended, until);
  if (before === "unknown") return;
  let messageId = before?.messageId;
  let shown = "";
  await grown(0, until);
  const everyMs = line.channel.growEveryMs ?? usualEveryMs;
  await pause(Math.min(patienceMs, everyMs), until).catch(() => undefined);
  await untilNothingIsOwed(attended, until);
  while (!until.aborted) {
    const said = run.stepText;
    const text = await textToShow(said, attended);
    if (text === shown || text === "") {
      await grown(said.length, until);
      await pause(Math.min(lookEveryMs, everyMs), until).catch(() => undefined);
      continue;
    }
    const posted = messageId;
    const step: Step | undefined = await house.previews.step(run.runId, () => grow(attended, text, posted));
    if (step === undefined || step.is === "over") return;
    if (step.is !== "tryLater") messageId = step.messageId;
    if (step.is === "shown") shown = text;
    await pause(pauseAfter(step, everyMs), until).catch(() => undefined);
  }
}

function pauseAfter(step: Exclude<Step, { readonly is: "over" }>, everyMs: number): number {
  if (step.is === "begun") return 0;
  return step.is === "tryLater" ? Math.max(everyMs, step.waitMs) : everyMs;
}

/** What an earlier life of the turn had begun; `unknown` when nobody can tell whether it is there. */
async function foundBefore(
  { house, line, run }: Attended,
  until: AbortSignal,
): Promise<{ readonly messageId: string } | undefined | "unknown"> {
  const before = await house.previews.read(run.runId);
  if (!before) return undefined;
  if (before.messageId !== undefined) return { messageId: before.messageId };
  if (!line.connection.find) return "unknown";
  const seen = await look(line, { to: run.from, clientKey: previewKey(run.runId) }, until);
  if (seen.became === "sent") return seen;
  return seen.became === "missing" ? undefined : "unknown";
}

/** What the chat is owed was said before, and the answer would come above it. Where much is owed, it may be among that. */
async function untilNothingIsOwed({ house, run: { from } }: Attended, until: AbortSignal): Promise<void> {
  while (!until.aborted) {
    const owed = await house.storage.outbox({ limit: mostLookedAt, isDead: false });
    if (owed.length < mostLookedAt && !owed.some(({ to }) => isSamePlace(to, from))) return;
    await pause(lookEveryMs, until).catch(() => undefined);
  }
}

function isSamePlace(a: Address, b: Address): boolean {
  const [{ account: one = defaultAccount }, { account: other = defaultAccount }] = [a, b];
  return a.channel === b.channel && one === other && a.chat === b.chat && a.thread === b.thread;
}

/** As much as one message takes; whole paragraphs alone where that is wanted. */
async function textToShow(said: string, { line, label }: Attended): Promise<string> {
  const { settings, channel } = line;
  const limit = channel.text;
  const all = settings.streaming === "block" ? said.slice(0, Math.max(0, said.lastIndexOf("\n\n"))) : said;
  const [text = ""] = await cut(labelled(forPeople(all).slice(0, limit.most * 3), label), limit);
  return text;
}

/** Not cut short when the turn is over: what the platform was told then would be known to nobody. */
async function grow(attended: Attended, text: string, messageId: string | undefined): Promise<Step> {
  const { house, line, run } = attended;
  const { runId, from: to } = run;
  const answers = messageId === undefined ? await answersOf(attended) : {};
  const message = { to, text, clientKey: previewKey(runId), ...answers };
  if (messageId === undefined) {
    await house.previews.write(runId, {});
    failPoint("outbox.preview.written");
  }
  const signal = AbortSignal.any([house.previews.closing, AbortSignal.timeout(timeoutMs)]);
  const answer = await heard(signal, async (bounded) =>
    line.connection.grow?.({ message, ...(messageId !== undefined && { messageId }) }, bounded),
  ).catch(() => undefined);
  if (answer && "messageId" in answer) {
    if (messageId === undefined) {
      failPoint("outbox.preview.shown");
      await house.previews.write(runId, { messageId: answer.messageId });
      failPoint("outbox.preview.noted");
      return { is: answer.isBlank ? "begun" : "shown", messageId: answer.messageId };
    }
    failPoint("outbox.preview.grown");
    return { is: "shown", messageId };
  }
  if (answer && "refused" in answer) {
    if (messageId === undefined) await house.previews.forget(runId);
    return afterRefusal(answer);
  }
  if (messageId !== undefined) return { is: "tryLater", waitMs: 0 }; // the same may be said again
  return afterDoubt(attended);
}

/** What ties the first step to what it answers. */
async function answersOf({ house, line, run }: Attended): Promise<Pick<OutboundMessage, "replyTo" | "ticket">> {
  const replyTo = await replyToOf(house, line, { id: "", runId: run.runId, to: run.from });
  return { ...(replyTo !== undefined && { replyTo }), ...house.tickets.for(run.runId) };
}

function afterRefusal({ refused, retryAfterMs = 0 }: SendRefusal): Step {
  return refused === "forGood" ? { is: "over" } : { is: "tryLater", waitMs: retryAfterMs };
}

/** Begun, and nobody heard how that ended. */
async function afterDoubt({ house, line, run }: Attended): Promise<Step> {
  const { closing } = house.previews;
  if (closing.aborted || !line.connection.find) return { is: "over" };
  const seen = await look(line, { to: run.from, clientKey: previewKey(run.runId) }, closing);
  if (seen.became === "missing") return { is: "tryLater", waitMs: 0 };
  if (seen.became !== "sent") return { is: "over" };
  await house.previews.write(run.runId, { messageId: seen.messageId });
  return { is: "begun", messageId: seen.messageId };
}
