import type { Clock } from "#base";
import {
  badResponse,
  type Failure,
  failureInStream,
  failureOfNetwork,
  failureOfRefusal,
  refusalIn,
  silentFor,
} from "./failure.ts";
import type { ModelRequest } from "./provider.ts";
import { firstText } from "./first-text.ts";
import { Silence } from "./silence.ts";

/** Somebody who can be asked over HTTP. */
export interface Server {
  readonly host: string;
  readonly silenceMs: number;
  /** Resolves with the head of the answer. Rejects with a `ServerRefusal`, perhaps as a cause, or with what the network did. */
  ask(request: ModelRequest, signal: AbortSignal): Promise<Response>;
}

export type Piece =
  | { readonly type: "bytes"; readonly bytes: Uint8Array }
  | { readonly type: "end" }
  | { readonly type: "failure"; readonly failure: Failure };

/** However lively a server is, an answer that takes longer is not waited for. */
const longestAnswerMs = 60 * 60_000;
/** For what comes after the last part: the usage, and the end of the response. */
const afterLastPartMs = 5_000;
const mostAfterLastPart = 64 * 1024;

/**
 * One question to a server and the bytes of its answer. What goes wrong is a value. It is given up as soon as the signal
 * aborts or the server is silent for too long, and closed when disposed.
 */
export class Connection implements Disposable {
  readonly #server: Server;
  readonly #signal: AbortSignal;
  readonly #silence: Silence;
  readonly #abort = new AbortController();
  readonly #giveUp = () => this.#abort.abort();
  #body: Pick<ReadableStreamDefaultReader<Uint8Array>, "read"> | undefined;
  #silentForMs: number | undefined;
  #hasEnded = false;
  #isComplete = false;

  constructor(server: Server, signal: AbortSignal, clock: Clock) {
    this.#server = server;
    this.#signal = signal;
    this.#silence = new Silence({
      clock,
      limitMs: server.silenceMs,
      longestMs: longestAnswerMs,
      onTooLong: (ms) => {
        this.#silentForMs = ms;
        this.#giveUp();
      },
    });
    signal.addEventListener("abort", this.#giveUp, { once: true });
    if (signal.aborted) this.#giveUp();
  }

  /** Asks. Undefined when an answer follows. */
  async open(request: ModelRequest): Promise<Failure | undefined> {
    this.#silence.begin();
    try {
      const response = await this.#server.ask(request, this.#abort.signal);
      const failure = await this.#notAStream(response);
      if (!failure) this.#body = response.body?.getReader();
      return failure;
    } catch (error) {
      return this.#failureOf(error);
    } finally {
      this.#silence.end();
    }
  }

  async read(): Promise<Piece> {
    if (!this.#body) return { type: "end" };
    this.#silence.begin();
    try {
      const { done, value } = await this.#body.read();
      if (!done) return { type: "bytes", bytes: value };
      this.#hasEnded = true;
      return { type: "end" };
    } catch (error) {
      this.#hasEnded = true;
      return { type: "failure", failure: this.#failureOf(error) };
    } finally {
      this.#silence.end();
    }
  }

  /** The last part is here: what follows is not worth a long wait. */
  hurry(): void {
    this.#silence.shorten(afterLastPartMs);
  }

  /** The answer is whole, so the connection may serve the next one. */
  complete(): void {
    this.#isComplete = true;
  }

  [Symbol.dispose](): void {
    this.#signal.removeEventListener("abort", this.#giveUp);
    this.#silence[Symbol.dispose]();
    if (this.#hasEnded) return;
    if (this.#isComplete) void this.#readOut();
    else this.#giveUp();
  }

  /** A connection is used again only when its response was read to the end, which mostly is here already. Never rejects. */
  async #readOut(): Promise<void> {
    const timer = setTimeout(this.#giveUp, afterLastPartMs);
    timer.unref();
    for (let rest = mostAfterLastPart; ;) {
      const piece = await this.read();
      if (piece.type !== "bytes") break;
      rest -= piece.bytes.length;
      if (rest < 0) this.#giveUp();
    }
    clearTimeout(timer);
  }

  /** An answer with 200 that cannot be one: a web page, or JSON, which mostly says what is wrong. */
  async #notAStream(response: Response): Promise<Failure | undefined> {
    const type = response.headers.get("content-type") ?? "";
    if (/html/i.test(type)) return badResponse("it answered with a web page, so base_url may be wrong");
    if (!/json/i.test(type) || /ndjson|jsonl|json-?seq/i.test(type)) return undefined;
    const body = await firstText(response);
    if (/"error"/.test(body)) return failureInStream(body);
    return badResponse("it answered all at once, not as a stream of events");
  }

  #failureOf(error: unknown): Failure {
    if (this.#silentForMs !== undefined) return silentFor(this.#silentForMs);
    const refusal = refusalIn(error);
    return refusal ? failureOfRefusal(refusal) : failureOfNetwork(error, this.#server.host);
  }
}
