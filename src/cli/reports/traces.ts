import { countOf } from "#base";
import { MessageTrace } from "#protocol";
import { Type } from "@sinclair/typebox";
import { expectShape } from "../client/wire.ts";
import type { CliContext } from "../context.ts";
import { safeJson, safeLine } from "../safe-text.ts";
import { styleFor } from "../style.ts";
import { columns } from "../table.ts";

const Traces = Type.Object({ traces: Type.Array(MessageTrace) });

export async function printTraces(context: CliContext, answer: unknown, json: boolean): Promise<number> {
  const { traces } = expectShape(Traces, answer, "trace");
  if (json) {
    await context.stdout.write(`${safeJson(answer)}\n`);
    return 0;
  }
  const style = styleFor(context.stdout, context);
  for (const trace of traces) {
    const name = trace.runId === undefined ? trace.messageId : trace.runId;
    const title = style.bold(safeLine(`${name} in ${trace.sessionKey}: ${trace.state}`));
    await context.stdout.write(`${title}\n${columns(rowsOf(trace), "  ")}\n\n${columns(sumsOf(trace), "  ")}\n`);
    for (const owed of trace.outstanding) await context.stdout.write(`  still owed: ${safeLine(owed)}\n`);
    if (trace.isCut) await context.stdout.write("  The log goes on; not all of it was looked at.\n");
  }
  return 0;
}

function rowsOf({ steps, receivedAt }: MessageTrace): string[][] {
  return steps.map(({ at, what, about, durationMs }) => {
    const took = durationMs === undefined ? "" : `${durationMs} ms`;
    return [timeOf(at), `+${Math.max(0, at - receivedAt)} ms`, words(what), took, about].map(safeLine);
  });
}

function sumsOf({ waits, models, costUsd }: MessageTrace): string[][] {
  const { queueMs, modelMs, toolsMs, deliveryMs } = waits;
  const waited = [
    ...(queueMs === undefined ? [] : [`queue ${queueMs} ms`]),
    `models ${modelMs} ms`,
    `tools ${toolsMs} ms`,
    ...(deliveryMs === undefined ? [] : [`delivery ${deliveryMs} ms`]),
  ];
  const used = models.map(({ provider, model, calls, usage, costUsd: cost }) => [
    safeLine(`${provider}/${model}`),
    `${countOf(calls, "call")}, ${countOf(usage.input, "token")} in, ${usage.output} out, ${usage.cacheRead} from the cache, cost ${dollars(cost)}`,
  ]);
  return [["waits", waited.join(", ")], ...used, ["cost", dollars(costUsd)]];
}

function dollars(cost: number | "unknown"): string {
  return cost === "unknown" ? "unknown" : `$${cost.toFixed(6)}`;
}

/** `toolCalled` as people write it. */
function words(what: string): string {
  return what.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function timeOf(at: number): string {
  const time = new Date(at);
  return Number.isNaN(time.getTime()) ? "?" : time.toISOString().slice(0, 23).replace("T", " ");
}
