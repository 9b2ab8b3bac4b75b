import { pause, type Secret } from "#base";
import type { WebhookAnswer, WebhookRequest } from "../channel.ts";
import type { Taken } from "../intake.ts";
import type { Deliver } from "./doorway.ts";
import { isSigned } from "./signature.ts";
import { answerToPerson } from "./socket-mode.ts";
import { as, EventBody, jsonObject } from "./wire.ts";

/** Slack waits three seconds for an answer, of which the way takes some. */
const answerWithinMs = 2_500;

/** Slack's requests, in the mode `http`. */
export function createWebRequests(options: {
  readonly signingSecret: Secret;
  /** Undefined until Slack has said who we are: without that our own messages would come back to us. */
  doorway(): Deliver | undefined;
  nowMs(): number;
}): (request: WebhookRequest) => Promise<WebhookAnswer> {
  return async (request) => {
    if (request.method !== "POST") return { status: 405, headers: { allow: "POST" } };
    if (!isSigned(request, options.signingSecret, options.nowMs())) return { status: 401, body: "not signed by Slack" };
    const body = readBody(request);
    if (!body) return { status: 400, body: "not what Slack sends" };
    if (body["type"] === "url_verification") return plain(String(body["challenge"]));
    if (body["ssl_check"] !== undefined) return { status: 200 };
    const deliver = options.doorway();
    if (!deliver) return { status: 503, body: "not ready" };
    const retryNum = Number(request.headers.get("x-slack-retry-num") ?? Number.NaN);
    const retryReason = request.headers.get("x-slack-retry-reason");
    const delivered = deliver({
      body,
      ...(Number.isNaN(retryNum) ? {} : { retryNum }),
      ...(retryReason === null ? {} : { retryReason }),
    });
    return answerOf(body, await within(delivered));
  };
}

/** What takes longer goes on; Slack is told to come again, and then hears of the same. */
async function within(delivered: Promise<Taken>): Promise<Taken | "notYet"> {
  const inTime = new AbortController();
  const late = pause(answerWithinMs, inTime.signal).then(
    () => "notYet" as const,
    () => "notYet" as const,
  );
  try {
    return await Promise.race([delivered, late]);
  } finally {
    inTime.abort();
  }
}

function answerOf(body: Readonly<Record<string, unknown>>, taken: Taken | "notYet"): WebhookAnswer {
  if (as(EventBody, body)) return taken === "taken" ? { status: 200 } : { status: 503, body: "not taken yet" };
  // Commands and clicks are brought once; one that goes on needs no second word.
  const answer = answerToPerson(body, taken === "notYet" ? "taken" : taken);
  if (!answer) return { status: 503, body: "not taken" };
  if (answer.payload === undefined) return { status: 200 };
  return { status: 200, body: JSON.stringify(answer.payload), headers: { "content-type": "application/json" } };
}

/** Events are JSON; commands are a form; clicks are JSON in a form's field. */
function readBody({ headers, body }: WebhookRequest): Record<string, unknown> | undefined {
  const text = new TextDecoder().decode(body);
  if (!headers.get("content-type")?.startsWith("application/x-www-form-urlencoded")) return jsonObject(text);
  const fields = new URLSearchParams(text);
  const payload = fields.get("payload");
  return payload === null ? Object.fromEntries(fields) : jsonObject(payload);
}

function plain(body: string): WebhookAnswer {
  return { status: 200, body, headers: { "content-type": "text/plain; charset=utf-8" } };
}
