import { parseJson, pause } from "#base";
import { Type } from "@sinclair/typebox";
import { Check } from "@sinclair/typebox/value";
import type { Client } from "../client/client.ts";
import { expectShape } from "../client/wire.ts";
import type { CliContext } from "../context.ts";
import { safeJson, safeLine } from "../safe-text.ts";

export interface LogOptions {
  readonly channel: string | undefined;
  readonly account: string | undefined;
  readonly lines: number;
  readonly follow: boolean;
  readonly json: boolean;
}

const mostLines = 5_000;
const mostBytes = 1_000_000;
const lookAgainMs = 1_000;

const Tail = Type.Object({ cursor: Type.Integer(), lines: Type.Array(Type.String()) });

const Line = Type.Object({
  time: Type.String(),
  level: Type.String(),
  message: Type.String(),
  channel: Type.String(),
  account: Type.Optional(Type.String()),
});
type Line = (typeof Line)["static"] & Readonly<Record<string, unknown>>;

export async function printChannelLogs(context: CliContext, client: Client, options: LogOptions): Promise<number> {
  const { signal } = context;
  const read = async (cursor?: number) => {
    const params = { limit: mostLines, maxBytes: mostBytes, ...(cursor !== undefined && { cursor }) };
    const tail = expectShape(Tail, await client.call("logs.tail", params, { signal }), "log");
    return { cursor: tail.cursor, found: tail.lines.flatMap((line) => lineOf(line, options)) };
  };
  const print = async (lines: readonly Line[]) => {
    if (lines.length > 0) await context.stdout.write(`${lines.map(shown).join("\n")}\n`);
  };
  const first = await read();
  const newest = first.found.slice(-options.lines);
  if (options.json) {
    await context.stdout.write(`${safeJson({ ok: true, lines: newest })}\n`);
    return 0;
  }
  if (newest.length === 0 && !options.follow) await context.stdout.write("The log says nothing of that.\n");
  await print(newest);
  for (let { cursor } = first; options.follow;) {
    await pause(lookAgainMs, signal);
    const next = await read(cursor);
    await print(next.found);
    cursor = next.cursor;
  }
  return 0;
}

/** A line that is about a channel, and about the one that is meant. */
function lineOf(text: string, { channel, account }: LogOptions): Line[] {
  const line = parseJson(text);
  if (!Check(Line, line)) return [];
  const isMeant =
    (channel === undefined || line.channel === channel) &&
    (account === undefined || (line.account ?? "default") === account);
  return isMeant ? [line] : [];
}

function shown({ time, level, message, channel, account, ...more }: Line): string {
  const rest = Object.keys(more).length === 0 ? "" : ` ${JSON.stringify(more)}`;
  const where = account === undefined ? channel : `${channel}/${account}`;
  return safeLine(`${time} ${level} ${where} ${message}${rest}`);
}
