import { parseJson } from "#base";
import { Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import type { OutboundMessage, SendRefusal } from "../channel.ts";
import type { Signing } from "./signing.ts";

const timeoutMs = 30_000;
const longestAnswer = 64 * 1024;

const Answer = Type.Object({ messageId: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })) });

/** What no later try changes: the receiver is gone, or does not want this message. Everything else somebody can put right. */
const forGood = new Set([400, 405, 406, 409, 410, 413, 414, 415, 422]);

/** Posts one message. The `id` in it is the same for every try, so that the receiver can tell them for one. */
export async function deliver(
  message: OutboundMessage,
  { url, signing, nowMs, signal }: { url: URL; signing: Signing; nowMs: number; signal: AbortSignal },
): Promise<{ messageId: string } | SendRefusal> {
  const body = JSON.stringify(toOutgoing(message));
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...signing.sign(message.clientKey, body, nowMs) },
    body,
    // What is signed for one is for nobody else.
    redirect: "manual",
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    // A pooled connection that the receiver is closing would break one POST in a few dozen.
    keepalive: false,
  });
  const text = await firstBytes(response);
  if (!response.ok) return refusalOf(response, nowMs);
  return { messageId: messageIdIn(text) ?? message.clientKey };
}

function toOutgoing({ to, text, clientKey, replyTo, buttons, files }: OutboundMessage): object {
  return {
    id: clientKey,
    chat: to.chat,
    thread: to.thread,
    text,
    replyTo,
    buttons,
    files: files?.map(({ name, mimeType, bytes }) => ({
      name,
      mimeType,
      base64: Buffer.from(bytes).toString("base64"),
    })),
  };
}

function refusalOf({ status, headers }: Response, nowMs: number): SendRefusal {
  const problem =
    status < 400
      ? `the receiver points elsewhere (status ${status}), which is not followed`
      : `the receiver answered ${status}`;
  const asked = headers.get("retry-after");
  const retryAfterMs = asked === null ? Number.NaN : waitOf(asked, nowMs);
  return {
    refused: forGood.has(status) ? "forGood" : "forNow",
    problem,
    ...(Number.isFinite(retryAfterMs) ? { retryAfterMs } : {}),
  };
}

/** Seconds, or a date (RFC 9110, section 10.2.3). */
function waitOf(asked: string, nowMs: number): number {
  return /^\d+$/.test(asked) ? Number(asked) * 1000 : Math.max(0, Date.parse(asked) - nowMs);
}

/** Most receivers answer with nothing, or with words. */
function messageIdIn(text: string): string | undefined {
  const answer = parseJson(text);
  return Value.Check(Answer, answer) ? answer.messageId : undefined;
}

/** The rest is never read. */
async function firstBytes(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const piece of response.body ?? []) {
    text += decoder.decode(piece, { stream: true });
    if (text.length >= longestAnswer) break;
  }
  return text;
}
