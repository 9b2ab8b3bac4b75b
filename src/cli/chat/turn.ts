import type { Client, RunInbox } from "../client/client.ts";
import { ChatNotice, expectShape, textOf, ToolResultNotice, ToolStartNotice } from "../client/wire.ts";
import { CommandFailed } from "../failure.ts";

export interface TurnRequest {
  readonly sessionKey: string;
  readonly message: string;
  /** Also the idempotency key, so that this turn's events can be told from others before the answer to `chat.send` is here. */
  readonly runId: string;
}

export type TurnEnd = {
  readonly type: "ended";
  readonly status: "ok" | "aborted" | "error";
  /** In the gateway's spelling. */
  readonly sessionKey: string;
  /** The whole answer, or as much as there was of it. */
  readonly text: string;
  readonly problem?: string;
};

export type TurnEvent =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "toolStarted"; readonly tool: string; readonly params: unknown }
  | { readonly type: "toolFinished"; readonly tool: string; readonly success: boolean; readonly durationMs: number }
  | TurnEnd;

/** A tool may work for long without a word. */
const silenceLimitMs = 15 * 60_000;
const abortLimitMs = 5_000;

/**
 * One message and what comes of it, ending with exactly one `ended`. Text that the gateway left out of the stream, for
 * speed, is made up from the final message. When `stop` aborts, the turn is asked to end, and its ending is awaited.
 */
export async function* runTurn(client: Client, request: TurnRequest, stop: AbortSignal): AsyncGenerator<TurnEvent> {
  const { sessionKey, message, runId } = request;
  using inbox = client.listen(runId);
  await client.call("chat.send", { sessionKey, message, idempotencyKey: runId });
  const abort = () => abortTurn({ client, request, inbox });
  if (stop.aborted) abort();
  else stop.addEventListener("abort", abort, { once: true });
  try {
    const said = new Said();
    while (true) {
      const { method, params } = await inbox.take(silenceLimitMs);
      const events = translators.get(method)?.(params, said) ?? [];
      yield* events;
      if (events.at(-1)?.type === "ended") return;
    }
  } finally {
    stop.removeEventListener("abort", abort);
  }
}

function abortTurn({ client, request, inbox }: { client: Client; request: TurnRequest; inbox: RunInbox }): void {
  const { sessionKey, runId } = request;
  const message = "The gateway did not stop the turn in time.";
  const late = new CommandFailed({
    type: "timeout",
    message,
    advice: "It goes on there; `openclaw sessions show` will have it.",
  });
  setTimeout(() => inbox.fail(late), abortLimitMs).unref();
  client.call("chat.abort", { sessionKey, runId }, { timeoutMs: abortLimitMs }).catch((error: unknown) => {
    // A turn that ended by itself meanwhile is not there to be stopped: its ending is in the inbox already.
    if (!(error instanceof CommandFailed && error.type === "runNotFound")) {
      inbox.fail(error instanceof Error ? error : new Error("chat.abort failed", { cause: error }));
    }
  });
}

/** What a notice means, by its method; others are not about the course of a turn, or are of a later version. */
const translators: ReadonlyMap<string, (params: unknown, said: Said) => TurnEvent[]> = new Map([
  ["agent.tool.result", toolFinished],
  ["agent.tool.start", toolStarted],
  ["chat", chatMoved],
]);

function toolStarted(notice: unknown, said: Said): TurnEvent[] {
  const { tool, params } = expectShape(ToolStartNotice, notice, "agent.tool.start");
  said.startStep();
  return [{ type: "toolStarted", tool, params }];
}

function toolFinished(notice: unknown): TurnEvent[] {
  const { tool, success, durationMs } = expectShape(ToolResultNotice, notice, "agent.tool.result");
  return [{ type: "toolFinished", tool, success, durationMs }];
}

function chatMoved(params: unknown, said: Said): TurnEvent[] {
  const { state, deltaText = "", message, sessionKey, errorMessage } = expectShape(ChatNotice, params, "chat");
  if (state === "delta") return asText(said.add(deltaText));
  const status = endings.get(state);
  if (!status) return [];
  const whole = message ? textOf(message.content) : "";
  const problem = errorMessage === undefined ? {} : { problem: errorMessage };
  const ended: TurnEnd = { type: "ended", status, sessionKey, text: whole || said.all, ...problem };
  return [...(status === "ok" ? asText(said.missing(whole)) : []), ended];
}

function asText(text: string): TurnEvent[] {
  return text === "" ? [] : [{ type: "text", text }];
}

const endings: ReadonlyMap<string, TurnEnd["status"]> = new Map([
  ["final", "ok"],
  ["aborted", "aborted"],
  ["error", "error"],
]);

/** What has streamed by: in all, and since the last tool, because a final message may hold either. */
class Said {
  all = "";
  #step = "";

  add(text: string): string {
    this.all += text;
    this.#step += text;
    return text;
  }

  startStep(): void {
    this.#step = "";
  }

  /** What of the final message has not been shown. */
  missing(whole: string): string {
    for (const seen of [this.all, this.#step]) {
      if (whole.startsWith(seen)) return whole.slice(seen.length);
    }
    return this.all.includes(whole.trim()) ? "" : `\n${whole}`;
  }
}
