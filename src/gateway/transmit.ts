import { deadline, sayingOf } from "#base";
import type { OutboundMessage, SendRefusal } from "#channels";
import { type Address, fault } from "#protocol";
import type { OutboxRow } from "#storage";
import type { House } from "./house.ts";
import { defaultAccount, type Line } from "./line.ts";

const timeoutMs = 30_000;
const filesTimeoutMs = 80_000;

/** What was shown of an answer is waited for, looked for, changed and taken away, each until its timeout. */
export const longestFinishMs = 4 * timeoutMs;

/** A question and a message, each until its timeout. */
export function longestTryMs({ files }: Pick<OutboundMessage, "files">): number {
  return timeoutMs + (files ? filesTimeoutMs : timeoutMs);
}

/** What became of one try. `doubt`: nobody knows whether the platform has the message. */
export type Transmission =
  | {
      readonly became: "sent";
      readonly messageId: string;
      /** Into a message that was there; that cannot make two of it. */
      readonly isEdit?: true;
      /** Another one like it may be there, of which nobody heard. */
      readonly mayBeTwice?: true;
    }
  | ({ readonly became: "refused" } & SendRefusal)
  | { readonly became: "doubt"; readonly problem: string };

/**
 * One try. When an earlier one may have arrived and the platform can tell, it is asked first, and what it has is not sent
 * again. Throws only when the signal aborts.
 */
export async function transmit(
  line: Line,
  message: OutboundMessage,
  { mayBeSent, signal }: { readonly mayBeSent: boolean; readonly signal: AbortSignal },
): Promise<Transmission> {
  if (mayBeSent && line.connection.find) {
    const found = await look(line, message, signal);
    if (found.became !== "missing") return found;
  }
  const send = async (bounded: AbortSignal): Promise<Transmission> => {
    const answer = await line.connection.send(message, bounded);
    if (!("messageId" in answer)) return { became: "refused", ...answer };
    if (answer.messageId === "") return { became: "doubt", problem: "the platform gave the message no id" };
    return { became: "sent", messageId: answer.messageId };
  };
  return heard(signal, send, message.files ? filesTimeoutMs : timeoutMs);
}

/** Asks the platform whether it has the message; `missing` also where it cannot tell, which `canTell` says before. */
export function look(
  { connection }: Line,
  sought: Pick<OutboundMessage, "to" | "clientKey">,
  signal: AbortSignal,
): Promise<Transmission | { readonly became: "missing" }> {
  return heard(signal, async (bounded) => {
    const found = await connection.find?.(sought, bounded);
    return found ? { became: "sent", messageId: found.messageId } : { became: "missing" };
  });
}

export function canTell({ connection }: Line): boolean {
  return connection.find !== undefined;
}

export function lineTo(house: Pick<House, "lines">, to: Pick<Address, "channel" | "account">): Line {
  const line = house.lines.find(to);
  if (line) return line;
  if (isAwaited(house, to)) throw fault.deliveryFailed({ problem: "the account is not open now" });
  const { channel, account = defaultAccount } = to;
  const known = new Set(house.lines.all().map((other) => other.channel.id));
  if (known.has(channel)) throw fault.accountNotFound({ channel, account });
  throw fault.channelNotFound({ channel, known: [...known].join(", ") || "none" });
}

/** The settings have the account, and it is not open now. */
export function isAwaited({ lines }: Pick<House, "lines">, to: Pick<Address, "channel" | "account">): boolean {
  return lines.find(to) === undefined && lines.expects?.(to) === true;
}

/** What was not heard of in time, or broke, is in doubt. */
export async function heard<T>(
  signal: AbortSignal,
  ask: (bounded: AbortSignal) => Promise<T>,
  withinMs = timeoutMs,
): Promise<T | { readonly became: "doubt"; readonly problem: string }> {
  signal.throwIfAborted();
  using bounded = deadline(signal, withinMs);
  try {
    return await orAborted(ask(bounded.signal), bounded.signal);
  } catch (error) {
    signal.throwIfAborted();
    return { became: "doubt", problem: sayingOf(error, "unknown") };
  }
}

/** A channel that does not listen to its signal must not hold up the others. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(new Error("no answer in time", { cause: signal.reason }));
    signal.addEventListener("abort", stop, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}

/** What lines of the log about a delivery are found by. */
export function inLog({ id, to: { channel, account = defaultAccount } }: Pick<OutboxRow, "id" | "to">) {
  return { channel, account, outboxId: id };
}
