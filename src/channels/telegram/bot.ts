import { deadline, type Secret } from "#base";
import { createGuardedFetch } from "#net";
import { Api } from "grammy";
import { CallFailed, failureOf } from "./failure.ts";

export type BotApi = Api["raw"];
export type BotSignal = Parameters<BotApi["sendMessage"]>[1];

const patienceMs = 30_000;

/** The way to the Bot API. Its errors never carry an address: the token is part of it. */
export class Bot {
  readonly #api: BotApi;
  readonly #files: string;
  readonly #token: string;
  readonly #fetch = createGuardedFetch();

  constructor(token: Secret, apiRoot: string) {
    this.#token = token.reveal().trim();
    const root = apiRoot.replace(/\/+$/, "");
    this.#files = `${root}/file/bot${this.#token}/`;
    this.#api = new Api(this.#token, { apiRoot: root, fetch: plainFetch }).raw;
  }

  /** One call of a method. Rejects with `CallFailed`, and with nothing else. */
  async call<T>(
    ask: (api: BotApi, signal: BotSignal) => Promise<T>,
    signal: AbortSignal,
    withinMs = patienceMs,
  ): Promise<T> {
    using limit = deadline(signal, withinMs);
    const bounded: unknown = limit.signal;
    if (!isBotSignal(bounded)) throw new TypeError("there is no AbortSignal");
    try {
      return await ask(this.#api, bounded);
    } catch (error) {
      throw new CallFailed(failureOf(error, this.#token));
    }
  }

  /** Reads a file by the path that `getFile` gave. No redirect is followed, because the address is a secret. */
  async file(
    path: string,
    limit: { readonly mostBytes: number; readonly timeoutMs: number; readonly signal: AbortSignal },
  ): Promise<Uint8Array> {
    const steps = path.split("/");
    if (steps.some((step) => step === "" || step === "." || step === "..")) {
      throw new CallFailed({ kind: "unknown", says: "it gave a file a path that is none" });
    }
    const url = this.#files + steps.map(encodeURIComponent).join("/");
    const fetched = await this.#fetch({ url, own: [new URL(url).host], mostRedirects: 0, ...limit });
    if (!fetched.got) throw new Error(fetched.problem);
    return fetched.bytes;
  }
}

/** The library's types are those of a package that this runtime replaces by its own. */
function isBotSignal(signal: unknown): signal is NonNullable<BotSignal> {
  return signal instanceof AbortSignal;
}

/** No redirect, because the address is a secret; and no time limit but ours, because a poll is silent for long. */
async function plainFetch(url: string, init: RequestInit): Promise<Response> {
  const { method = "GET", headers = {}, body = null, signal = null } = init;
  return fetch(url, { method, headers, body, signal, redirect: "error", timeout: false });
}
