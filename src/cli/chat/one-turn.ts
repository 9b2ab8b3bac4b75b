import { newId } from "#base";
import type { Client } from "../client/client.ts";
import { openClient } from "../client/open-client.ts";
import type { TargetOptions } from "../client/target.ts";
import { type CliContext, Interrupted } from "../context.ts";
import { misuse } from "../failure.ts";
import { safeJson } from "../safe-text.ts";
import { TurnPrinter } from "./printer.ts";
import { runTurn, type TurnEnd } from "./turn.ts";

export interface OneTurn {
  readonly target: TargetOptions;
  readonly sessionKey: string;
  readonly message: string;
  readonly json: boolean;
}

/** Says one thing, prints the answer, and returns 1 when there is none. */
export async function runOneTurn(context: CliContext, turn: OneTurn): Promise<number> {
  if (turn.message.trim() === "") throw misuse("There is no message.", "Give one with -m, or through a pipe.");
  using held = new DisposableStack();
  const client = held.use(await openClient(context, turn.target));
  const stop = stopOnInterrupt(context, client, held);
  const runId = newId();
  const printer = new TurnPrinter(context);
  let end: TurnEnd | undefined;
  try {
    for await (const event of runTurn(client, { ...turn, runId }, stop)) {
      if (!turn.json) await printer.print(event);
      if (event.type === "ended") end = event;
    }
  } catch (error) {
    await printer.finishLine();
    if (!stop.aborted) throw error;
  }
  if (turn.json && end) await context.stdout.write(`${safeJson(asDocument(runId, end))}\n`);
  if (stop.aborted) return exitCodeOf(context);
  return end?.status === "ok" ? 0 : 1;
}

/** Ctrl-C asks the gateway to stop the turn; once more, and its ending is not awaited. */
function stopOnInterrupt(context: CliContext, client: Client, held: DisposableStack): AbortSignal {
  const stop = new AbortController();
  const onEnd = () => stop.abort();
  context.signal.addEventListener("abort", onEnd, { once: true });
  held.defer(() => context.signal.removeEventListener("abort", onEnd));
  held.use(
    context.takeInterrupts(() => {
      if (stop.signal.aborted) client[Symbol.dispose]();
      else stop.abort();
    }),
  );
  return stop.signal;
}

function asDocument(runId: string, { sessionKey, status, text, problem }: TurnEnd): Record<string, unknown> {
  return { runId, sessionKey, status, text, ...(problem === undefined ? {} : { errorMessage: problem }) };
}

function exitCodeOf({ signal }: CliContext): number {
  return signal.reason instanceof Interrupted ? signal.reason.exitCode : new Interrupted("SIGINT").exitCode;
}
