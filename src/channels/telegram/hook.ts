import type { Log, Secret } from "#base";
import type { WebhookAnswer, WebhookRequest } from "../channel.ts";
import type { Bot } from "./bot.ts";
import { wantedUpdates } from "./incoming.ts";
import type { Intake } from "./intake.ts";
import { Lanes } from "./lanes.ts";
import type { Line } from "./line.ts";

export interface HookSettings {
  readonly url: string;
  readonly secret: Secret;
}

const mostAtOnce = 20;
/** More than Telegram ever sends at once, so only a flood meets it. */
const mostWaiting = 200;
const secretHeader = "x-telegram-bot-api-secret-token";

/** Telegram calls us. It keeps what was not answered with 200, and sends it again. */
export class Hook {
  readonly #bot: Bot;
  readonly #settings: HookSettings;
  readonly #line: Line;
  readonly #log: Log;
  readonly #signal: AbortSignal;
  readonly #lanes = new Lanes(mostWaiting);
  #intake: Intake | undefined;

  constructor(options: {
    readonly bot: Bot;
    readonly settings: HookSettings;
    readonly line: Line;
    readonly log: Log;
    readonly signal: AbortSignal;
  }) {
    this.#bot = options.bot;
    this.#settings = options.settings;
    this.#line = options.line;
    this.#log = options.log;
    this.#signal = options.signal;
  }

  /** Tells Telegram where we are, and stays until the line is closed. The address remains: what comes meanwhile waits there. */
  async step(intake: Intake): Promise<void> {
    this.#intake = intake;
    const { secret, url } = this.#settings;
    const request = {
      url,
      secret_token: secret.reveal(),
      max_connections: mostAtOnce,
      allowed_updates: wantedUpdates,
    };
    await this.#bot.call((api, signal) => api.setWebhook(request, signal), this.#signal);
    this.#line.enter("online");
    await aborted(this.#signal);
  }

  async take(request: WebhookRequest): Promise<WebhookAnswer> {
    if (!this.#settings.secret.matches(request.headers.get(secretHeader) ?? "")) return { status: 401 };
    if (request.path !== "" && request.path !== "/") return { status: 404 };
    if (request.method !== "POST") return { status: 405, headers: { allow: "POST" } };
    const intake = this.#intake;
    if (!intake || this.#signal.aborted || this.#lanes.isFull) return { status: 503, headers: { "retry-after": "1" } };
    const raw = parsed(request.body);
    if (raw === undefined) return { status: 400 };
    const item = intake.read(raw);
    try {
      await this.#lanes.run(item.lane, () => intake.take(item));
      return { status: 200 };
    } catch (error) {
      this.#log.error("what Telegram sent could not be taken", { error });
      return { status: 500 };
    }
  }
}

function parsed(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString("utf8"));
  } catch {
    return undefined;
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
