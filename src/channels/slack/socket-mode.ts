import { type Backoff, backoffMs, type Clock, type Log, pause } from "#base";
import type { Taken } from "../intake.ts";
import { type Api, createClient } from "./api.ts";
import type { Deliver } from "./doorway.ts";
import { tokenProblemOf } from "./refusal.ts";
import { type LinkTimes, SocketLink } from "./socket-link.ts";
import type { Standing } from "./standing.ts";
import { as, Command, type Envelope } from "./wire.ts";

/** Slack gives three seconds, of which the way takes some. */
const answerWithinMs = 2_800;
/** A link that lived so long was a good one. */
const goodAfterMs = 30_000;
const patience: Backoff = { firstMs: 500, mostMs: 60_000 };

interface SocketModeOptions {
  readonly apiUrl: URL;
  readonly appToken: string;
  readonly api: Api;
  readonly deliver: Deliver;
  readonly standing: Standing;
  readonly times: LinkTimes;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Keeps one link to Slack open until the signal aborts. When Slack asks us to move, the next link is opened before the last
 * one goes, so there is always one that hears.
 */
export async function runSocketMode(options: SocketModeOptions, signal: AbortSignal): Promise<void> {
  using relay = new Relay();
  try {
    await keepOpen(relay, options, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** Returns when Slack does not want us; rejects when the signal aborts. */
async function keepOpen(relay: Relay, options: SocketModeOptions, signal: AbortSignal): Promise<void> {
  const { standing, clock } = options;
  for (let failures = 0; ;) {
    if (failures > 1) await pause(backoffMs(patience, failures - 1), signal);
    const opened = await openLink(options, signal);
    if ("problem" in opened) {
      if (opened.isForGood) return standing.enter("refused", opened.problem);
      standing.enter("backingOff", opened.problem);
      failures++;
      continue;
    }
    relay.takeOver(opened.link);
    standing.enter("online");
    const since = clock.elapsed();
    const { reason, isOpen } = await orAborted(opened.link.parted, signal);
    if (reason === "link_disabled") return standing.enter("refused", "Slack: Socket Mode is switched off");
    if (!isOpen) standing.enter("connecting", `Slack's socket is ${reason}`);
    failures = clock.elapsed() - since > goodAfterMs ? 0 : failures + 1;
  }
}

/** The link that hears, and the one before it, as long as it is owed an answer. */
class Relay implements Disposable {
  #last: SocketLink | undefined;
  #leaving: SocketLink | undefined;

  takeOver(link: SocketLink): void {
    this.#leaving?.[Symbol.dispose]();
    this.#leaving = this.#last;
    this.#leaving?.leave();
    this.#last = link;
  }

  [Symbol.dispose](): void {
    this.#leaving?.[Symbol.dispose]();
    this.#last?.[Symbol.dispose]();
  }
}

type Opened = { readonly link: SocketLink } | { readonly problem: string; readonly isForGood: boolean };

async function openLink(options: SocketModeOptions, signal: AbortSignal): Promise<Opened> {
  const address = await askAddress(options, signal);
  if (typeof address !== "string") return address;
  const url = new URL(address);
  if (url.protocol !== (options.apiUrl.protocol === "https:" ? "wss:" : "ws:")) {
    return { problem: "Slack names a socket that is not encrypted", isForGood: false };
  }
  const link = new SocketLink({ ...options, url, handle: (envelope) => handle(envelope, options) });
  if (await orAborted(link.greeted, signal, () => link[Symbol.dispose]())) return { link };
  link[Symbol.dispose]();
  return { problem: "Slack's socket does not say hello", isForGood: false };
}

/** Each address is good for one socket. */
async function askAddress(
  { apiUrl, appToken, api }: SocketModeOptions,
  signal: AbortSignal,
): Promise<string | Exclude<Opened, { link: unknown }>> {
  try {
    const client = createClient({ apiUrl, token: appToken, logger: api.logger, signal });
    const { url } = await client.apps.connections.open({});
    return url ?? { problem: "Slack names no socket", isForGood: false };
  } catch (error) {
    if (signal.aborted) throw error;
    const problem = tokenProblemOf(error);
    if (problem !== undefined) return { problem: `app_token: ${problem}`, isForGood: true };
    return { problem: "Slack cannot be reached, or does not open a socket", isForGood: false };
  }
}

/** What is said later than Slack waits for is not said: it brings the event again, and that one is answered. */
async function handle(
  { payload: body, retry_attempt: retryNum, retry_reason: retryReason, type }: Envelope,
  { deliver, clock }: SocketModeOptions,
): Promise<{ readonly payload?: unknown } | undefined> {
  const since = clock.elapsed();
  const taken = await deliver({
    body,
    ...(retryNum === undefined ? {} : { retryNum }),
    ...(retryReason === undefined ? {} : { retryReason }),
  });
  if (type !== "events_api") return answerToPerson(body, taken);
  return taken === "taken" && clock.elapsed() - since <= answerWithinMs ? {} : undefined;
}

/** Commands and clicks are brought once: who is waiting is told that it came to nothing. */
export function answerToPerson(body: unknown, taken: Taken): { readonly payload?: unknown } | undefined {
  if (taken === "taken") return {};
  return as(Command, body)
    ? { payload: { response_type: "ephemeral", text: "That could not be taken. Please try again." } }
    : undefined;
}

function orAborted<T>(work: Promise<T>, signal: AbortSignal, onAbort?: () => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      onAbort?.();
      reject(new DOMException("The channel was closed.", "AbortError"));
    };
    if (signal.aborted) return stop();
    signal.addEventListener("abort", stop, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}
