import type { Secret } from "#base";
import type { AccountOptions, Connection, WebhookAnswer, WebhookRequest } from "../channel.ts";
import { Intake } from "../intake.ts";
import { deliver } from "./deliver.ts";
import { readMessage } from "./read-message.ts";
import { createSigning, type SigningName } from "./signing.ts";

interface WebhookAccount {
  readonly secret: Secret;
  readonly signature: SigningName;
  readonly url?: string;
}

export async function openWebhook(options: AccountOptions<WebhookAccount>): Promise<Connection> {
  const { account, settings, log, clock } = options;
  const signing = createSigning(settings.signature, settings.secret.reveal());
  const url = settings.url === undefined ? undefined : targetOf(settings.url);
  const intake = new Intake(log);
  const closing = new AbortController();
  const connection: Connection = {
    get state() {
      return closing.signal.aborted ? "offline" : "online";
    },
    send: async (message, signal) => {
      if (!url) return { refused: "forGood", problem: "no url is set for this account, so it has no way out" };
      return deliver(message, { url, signing, nowMs: clock.now(), signal: AbortSignal.any([signal, closing.signal]) });
    },
    take: (request) => take(request),
    [Symbol.asyncDispose]: async () => {
      closing.abort();
      options.changed();
    },
  };
  options.changed();
  return connection;

  async function take({ method, headers, body }: WebhookRequest): Promise<WebhookAnswer> {
    if (method !== "POST") return { status: 405, headers: { allow: "POST" } };
    if (!signing.isSigned(headers, body, clock.now())) return problem(401, "not signed, or not just now");
    const read = readMessage(body, account, clock.now());
    if ("problem" in read) return problem(400, read.problem);
    const { update } = read;
    const taken = await intake.take({ id: update.id, chat: update.from.chat, hand: () => options.receive(update) });
    return taken === "taken" ? { status: 202 } : problem(503, "not taken; please send it again");
  }
}

function problem(status: number, error: string): WebhookAnswer {
  return { status, body: JSON.stringify({ error }), headers: { "content-type": "application/json" } };
}

function targetOf(text: string): URL {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol)) throw new Error("url must begin with https:// or http://.");
  return url;
}
