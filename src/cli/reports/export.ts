import { isSystemError, systemReason } from "#base";
import { Type } from "@sinclair/typebox";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import type { Client } from "../client/client.ts";
import { expectShape } from "../client/wire.ts";
import type { CliContext } from "../context.ts";
import { CommandFailed } from "../failure.ts";
import { safeJson } from "../safe-text.ts";

/** Small, so that an answer stays below what a gateway lets wait for a slow reader. */
const pageSize = 100;

const Page = Type.Object({ events: Type.Array(Type.Object({ seq: Type.Integer() })), hasMore: Type.Boolean() });
const LinePage = Type.Object({ lines: Type.Array(Type.String()), last: Type.Integer(), hasMore: Type.Boolean() });

export interface ExportRequest {
  readonly sessionKey: string;
  readonly out: string | undefined;
  readonly json: boolean;
  readonly format: string;
  readonly sessionId: string | undefined;
}

export async function exportSession(
  { context, client }: { readonly context: CliContext; readonly client: Client },
  request: ExportRequest,
): Promise<number> {
  const { sessionKey, out, json, format } = request;
  const isTranscript = format === "jsonl";
  const pages = isTranscript
    ? transcriptPages(client, request, context.signal)
    : exportPages(client, sessionKey, context.signal);
  if (out === undefined) {
    const all: unknown[] = [];
    for await (const events of pages) {
      if (json) all.push(...events);
      else await context.stdout.write(asLines(events));
    }
    if (json) await context.stdout.write(`${safeJson({ sessionKey, [isTranscript ? "lines" : "events"]: all })}\n`);
    return 0;
  }
  const count = await writeWhole(out, pages);
  const said = json
    ? `${safeJson({ sessionKey, file: out, [isTranscript ? "lines" : "events"]: count })}\n`
    : `Wrote ${count} ${isTranscript ? "lines" : "events"} to ${out}.\n`;
  await context.stdout.write(said);
  return 0;
}

/** Every event, oldest first. */
async function* exportPages(
  client: Client,
  sessionKey: string,
  signal: AbortSignal,
): AsyncGenerator<readonly object[]> {
  for (let after = 0; ;) {
    const answer = await client.call("sessions.export", { sessionKey, after, limit: pageSize }, { signal });
    const { events, hasMore } = expectShape(Page, answer, "export");
    if (events.length > 0) yield events;
    if (!hasMore) return;
    const last = events.at(-1)?.seq ?? 0;
    after = further(last, after);
  }
}

/** The lines of a transcript file, as what they say: written again they are the same. */
async function* transcriptPages(
  client: Client,
  { sessionKey, sessionId }: ExportRequest,
  signal: AbortSignal,
): AsyncGenerator<readonly object[]> {
  const session = sessionId === undefined ? {} : { sessionId };
  for (let after = 0; ;) {
    const params = { sessionKey, after, limit: pageSize, ...session };
    const answer = await client.call("sessions.transcript", params, { signal });
    const { lines, last, hasMore } = expectShape(LinePage, answer, "transcript");
    if (lines.length > 0) yield lines.map((line): object => Object(JSON.parse(line)));
    if (!hasMore) return;
    after = further(last, after);
  }
}

function further(last: number, after: number): number {
  if (last > after) return last;
  const message = "The gateway's export does not get on.";
  throw new CommandFailed({ type: "protocolMismatch", message, advice: "`openclaw status` shows its version." });
}

function asLines(events: readonly object[]): string {
  return events.map((event) => `${safeJson(event, 0)}\n`).join("");
}

/** The file appears when it is whole, and for its owner alone: conversations are private. */
async function writeWhole(out: string, pages: AsyncIterable<readonly object[]>): Promise<number> {
  const part = `${out}.part`;
  const file = await openNew(part, out);
  let count = 0;
  try {
    for await (const events of pages) {
      const bytes = Buffer.from(asLines(events));
      // A disk that is nearly full takes a part, and calls that no error.
      for (let at = 0; at < bytes.length;) at += (await file.write(bytes, at)).bytesWritten;
      count += events.length;
    }
    await file.sync();
    await file.close();
    await rename(part, out);
  } catch (error) {
    await file.close();
    await rm(part, { force: true });
    throw isSystemError(error) ? unwritable(out, error) : error;
  }
  return count;
}

async function openNew(part: string, out: string): Promise<FileHandle> {
  try {
    await rm(part, { force: true });
    return await open(part, "wx", 0o600);
  } catch (error) {
    throw unwritable(out, error);
  }
}

function unwritable(out: string, error: unknown): CommandFailed {
  const because = isSystemError(error) ? `: ${systemReason(error)}` : "";
  const message = `${out} cannot be written${because}.`;
  return new CommandFailed({
    type: "fileUnwritable",
    message,
    advice: "Choose another place with --out.",
    cause: error,
  });
}
