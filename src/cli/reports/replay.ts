import { Type } from "@sinclair/typebox";
import { expectShape } from "../client/wire.ts";
import type { CliContext } from "../context.ts";
import { safeJson, safeLine, safeText } from "../safe-text.ts";
import { styleFor } from "../style.ts";

const Difference = Type.Object({
  part: Type.String(),
  stored: Type.Optional(Type.Unknown()),
  replayed: Type.Optional(Type.Unknown()),
});
const Replay = Type.Object({
  sessionKey: Type.String(),
  events: Type.Integer(),
  stored: Type.String(),
  isEqual: Type.Boolean(),
  differences: Type.Array(Difference),
  isMended: Type.Boolean(),
});

/** The exit code is 1 when something differs and was not mended. */
export async function printReplay(context: CliContext, answer: unknown, isJson: boolean): Promise<number> {
  const { sessionKey, events, stored, isEqual, differences, isMended } = expectShape(Replay, answer, "replay");
  const exitCode = isEqual || isMended ? 0 : 1;
  if (isJson) {
    await context.stdout.write(`${safeJson(answer)}\n`);
    return exitCode;
  }
  const remembered = stored === "absent" ? "nothing was remembered of it" : "what is remembered of it is the same";
  const verdict = isEqual ? remembered : `${differences.length} parts differ`;
  const lines = [
    `${sessionKey}: ${events} events, ${verdict}${isMended ? "; mended" : ""}`,
    ...differences.map(({ part, stored: was, replayed }) => `  ${part}: ${shown(was)}, by its log ${shown(replayed)}`),
  ];
  await context.stdout.write(`${lines.map((line) => safeText(line)).join("\n")}\n`);
  return exitCode;
}

const Moment = Type.Object({
  sessionKey: Type.String(),
  seq: Type.Integer(),
  headSeq: Type.Integer(),
  event: Type.Object({ at: Type.Integer(), event: Type.Object({ kind: Type.String() }) }),
  state: Type.Object({}),
  prompt: Type.Union([
    Type.Object({
      answerSeq: Type.Integer(),
      provider: Type.String(),
      model: Type.String(),
      system: Type.String(),
      messages: Type.Array(Type.Unknown()),
      tools: Type.Array(Type.Object({ name: Type.String() })),
    }),
    Type.Null(),
  ]),
});

export async function printMoment(context: CliContext, answer: unknown, isJson: boolean): Promise<number> {
  const { sessionKey, seq, headSeq, event, state, prompt } = expectShape(Moment, answer, "moment");
  if (isJson) {
    await context.stdout.write(`${safeJson(answer)}\n`);
    return 0;
  }
  const style = styleFor(context.stdout, context);
  const when = new Date(event.at).toISOString();
  const title = `${sessionKey} at seq ${seq} of ${headSeq}: ${event.event.kind}, ${when}`;
  const parts = [style.bold(safeLine(title)), safeText(JSON.stringify(event.event, undefined, 2))];
  parts.push(style.bold("state"), safeText(JSON.stringify(state, undefined, 2)));
  if (!prompt) parts.push("No model had been asked by then, or the log does not say with what.");
  else {
    const { answerSeq, provider, model, system, messages, tools } = prompt;
    parts.push(style.bold(safeLine(`asked of ${provider}/${model} for the answer at seq ${answerSeq}`)));
    parts.push(style.bold("system"), safeText(system), style.bold("messages"));
    parts.push(...messages.map((message) => safeText(JSON.stringify(message))));
    parts.push(style.bold("tools"), safeLine(tools.map(({ name }) => name).join(", ") || "none"));
  }
  await context.stdout.write(`${parts.join("\n")}\n`);
  return 0;
}

function shown(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}
