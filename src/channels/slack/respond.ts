import { parseJson } from "#base";
import { Type } from "@sinclair/typebox";
import type { OutboundMessage, SendRefusal } from "../channel.ts";
import { wordsOf } from "./post.ts";
import { isUnreached, refusalOfCode } from "./refusal.ts";
import type { Tickets } from "./tickets.ts";
import { as } from "./wire.ts";

const Answer = Type.Object({ ok: Type.Boolean(), error: Type.Optional(Type.String()) });

/** `isOver`: that address takes nothing more. `isUncounted`: that did not cost a use of it. */
type Responded =
  | { readonly messageId: string }
  | (SendRefusal & { readonly isUncounted?: true })
  | { readonly isOver: true };

interface Parts {
  readonly tickets: Tickets;
  readonly isSlacks: (address: string) => boolean;
  readonly signal: AbortSignal;
}

/**
 * Says it at the address that came with a command or a click, to all of the conversation as any message of the bot's.
 * Undefined where none came, where it takes no more, and for files, which it does not take. Slack tells no id of such a
 * message and keeps no key with it. Rejects when nobody knows whether it is there.
 */
export async function respond(
  message: OutboundMessage,
  { tickets, isSlacks, signal }: Parts,
): Promise<{ readonly messageId: string } | SendRefusal | undefined> {
  const { ticket, to, files } = message;
  if (!ticket || files?.length) return undefined;
  const address = tickets.use(ticket, to.chat)?.reveal();
  if (address === undefined || !URL.canParse(address) || !isSlacks(address)) return undefined;
  const responded = await say(message, address, signal);
  if ("isOver" in responded) return undefined;
  if ("messageId" in responded) return responded;
  const { isUncounted, ...refusal } = responded;
  if (isUncounted) tickets.giveBack(ticket);
  return refusal;
}

async function say(message: OutboundMessage, address: string, signal: AbortSignal): Promise<Responded> {
  const response = await fetch(address, {
    method: "POST",
    headers: { "content-type": "application/json; charset=utf-8" },
    body: JSON.stringify({ response_type: "in_channel", replace_original: false, ...wordsOf(message) }),
    redirect: "error",
    signal,
  }).catch((error: unknown) => {
    signal.throwIfAborted();
    if (error instanceof Error && isUnreached(error)) return undefined;
    // What is thrown may name the address.
    throw new Error("Slack did not answer.");
  });
  if (!response) return { refused: "forNow", problem: "Slack cannot be reached", isUncounted: true };
  return answerOf(response, message);
}

async function answerOf(response: Response, { clientKey }: OutboundMessage): Promise<Responded> {
  const { status } = response;
  if (status === 429) return tooMany(response.headers);
  if (status === 404 || status === 410) return { isOver: true };
  if (status >= 500) throw new Error(`Slack answered with ${status}.`);
  const word = wordOf(await response.text());
  if (response.ok && word === "ok") return { messageId: `response-${clientKey}` };
  if (over.has(word)) return { isOver: true };
  const refusal = refusalOfCode(word);
  if (!refusal) throw new Error("Slack's answer makes no sense.");
  return refusal;
}

function tooMany(headers: Headers): Responded {
  const seconds = Number(headers.get("retry-after") ?? Number.NaN);
  const wait = Number.isFinite(seconds) ? { retryAfterMs: seconds * 1_000 } : {};
  return { refused: "forNow", problem: "Slack: too many requests", isUncounted: true, ...wait };
}

/** `ok`, or the code of what is wrong: Slack says it plainly or as JSON. */
function wordOf(said: string): string {
  const answer = as(Answer, parseJson(said));
  if (!answer) return said.trim();
  return answer.ok ? "ok" : (answer.error ?? "");
}

const over: ReadonlySet<string> = new Set(["expired_url", "used_url"]);
