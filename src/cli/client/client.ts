import { parseJson } from "#base";
import { faultCodes, faults } from "#protocol";
import { Check } from "@sinclair/typebox/value";
import { CommandFailed } from "../failure.ts";
import { handshake } from "./handshake.ts";
import { Inbox } from "./inbox.ts";
import type { Target } from "./target.ts";
import { Answer, RunNotice } from "./wire.ts";

/** A connection to a gateway. */
export interface Client extends Disposable {
  readonly isOpen: boolean;
  /** The result of a method, unchecked. Rejects with the gateway's error, `timeout` or `connectionLost`. */
  call(method: string, params: unknown, options?: CallOptions): Promise<unknown>;
  /** What the gateway says of one run from now on. Disposing stops listening. */
  listen(runId: string): RunInbox;
}

export interface CallOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface RunInbox extends Disposable {
  take(limitMs: number): Promise<RunNotice>;
  fail(error: Error): void;
}

const usualTimeoutMs = 30_000;

/** Connects; rejects with a sentence that says what stands at that address instead. */
export async function connect(target: Target, signal: AbortSignal): Promise<Client> {
  return new SocketClient(await handshake(target, signal), target);
}

interface Call {
  settle(answer: Answer): void;
  fail(error: Error): void;
}

class SocketClient implements Client {
  readonly #socket: WebSocket;
  readonly #target: Target;
  readonly #calls = new Map<number, Call>();
  readonly #inboxes = new Map<string, Inbox<RunNotice>>();
  #calledSoFar = 0;
  #lost: Error | undefined;

  constructor(socket: WebSocket, target: Target) {
    this.#socket = socket;
    this.#target = target;
    socket.addEventListener("message", ({ data }) => this.#receive(data));
    socket.addEventListener("close", ({ code, reason }) => {
      const why = reason ? `: ${reason}` : "";
      const message = `The gateway at ${target.url.href} closed the connection (${code}${why}).`;
      this.#lose(
        new CommandFailed({ type: "connectionLost", message, advice: "`openclaw status` shows whether it runs." }),
      );
    });
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  call(method: string, params: unknown, { timeoutMs = usualTimeoutMs, signal }: CallOptions = {}): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#lost) return reject(this.#lost);
      if (signal?.aborted) return reject(asError(signal.reason));
      const id = ++this.#calledSoFar;
      const finish = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", abort);
        this.#calls.delete(id);
      };
      const fail = (error: Error) => {
        finish();
        reject(error);
      };
      const abort = () => fail(asError(signal?.reason));
      const timer = setTimeout(() => fail(tooLate(method, timeoutMs)), timeoutMs);
      signal?.addEventListener("abort", abort, { once: true });
      const settle = ({ result, error }: Answer) => {
        if (error) return fail(this.#refusal(error));
        finish();
        resolve(result);
      };
      this.#calls.set(id, { settle, fail });
      this.#socket.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
    });
  }

  listen(runId: string): RunInbox {
    const inbox = new Inbox<RunNotice>();
    if (this.#lost) inbox.fail(this.#lost);
    this.#inboxes.set(runId, inbox);
    return {
      take: (limitMs) => inbox.take(limitMs),
      fail: (error) => inbox.fail(error),
      [Symbol.dispose]: () => this.#inboxes.delete(runId),
    };
  }

  [Symbol.dispose](): void {
    this.#lose(new CommandFailed({ type: "connectionLost", message: "The connection was closed on this side." }));
    this.#socket.close(1000);
  }

  #receive(data: unknown): void {
    const frame = typeof data === "string" ? parseJson(data) : undefined;
    if (Check(Answer, frame)) return this.#calls.get(frame.id)?.settle(frame);
    // Other notifications are not for us, or are of a later version.
    if (Check(RunNotice, frame)) this.#inboxes.get(frame.params.runId)?.push(frame);
  }

  /** A token that is missing shows only now: methods that ask for none are there for everybody. */
  #refusal(error: NonNullable<Answer["error"]>): CommandFailed {
    const refused = refusal(error);
    if (refused.type !== "unauthorized" || this.#target.token) return refused;
    const message = `The gateway at ${this.#target.url.href} asks for a token, and none was found here.`;
    const advice = "Give it with --token-file; where it lies, the gateway says when it starts.";
    return new CommandFailed({ type: "unauthorized", message, advice });
  }

  #lose(error: Error): void {
    this.#lost ??= error;
    for (const call of this.#calls.values()) call.fail(this.#lost);
    for (const inbox of this.#inboxes.values()) inbox.fail(this.#lost);
  }
}

/** The gateway's error, under the name that the table of faults has for its number. */
function refusal({ code, message }: { readonly code: number; readonly message: string }): CommandFailed {
  const known = faultCodes().find((name) => faults[name].rpc === code);
  const isRetryable = known !== undefined && faults[known].retryable;
  return new CommandFailed({
    type: known ?? "rpcError",
    message,
    ...(isRetryable ? { advice: "Trying again later may help." } : {}),
  });
}

function tooLate(method: string, timeoutMs: number): CommandFailed {
  const message = `The gateway did not answer “${method}” within ${timeoutMs} ms.`;
  return new CommandFailed({ type: "timeout", message, advice: "`openclaw status` shows whether it still works." });
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error("cancelled", { cause: reason });
}
