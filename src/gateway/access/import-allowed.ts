import { Type } from "@sinclair/typebox";
import { Check } from "@sinclair/typebox/value";
import { type Clock, type Log, parseJson } from "#base";
import type { Storage } from "#storage";
import { defaultAccount } from "../line.ts";
import type { AllowBook } from "./allow-book.ts";

const kind = "channel-allow-imported";
const mostEntries = 1_000;

const File = Type.Object({ allowFrom: Type.Array(Type.Union([Type.String(), Type.Integer()])) });

/**
 * Takes over whom the original had paired, from its files. Once for each account: who was taken off the list afterwards
 * must not come back with the next start. Names, and “*”, are left where they are: only ids count here.
 */
export async function importAllowed(
  {
    storage,
    book,
    clock,
    log,
  }: {
    readonly storage: Storage;
    readonly book: AllowBook;
    readonly clock: Clock;
    readonly log: Log;
  },
  read: ((name: string) => Promise<string | undefined>) | undefined,
  { channel, account }: { readonly channel: string; readonly account: string },
): Promise<void> {
  if (!read) return;
  const id = JSON.stringify([channel, account]);
  if (await storage.record(kind, id)) return;
  const name = account === defaultAccount ? `${channel}-allowFrom.json` : `${channel}-${account}-allowFrom.json`;
  const text = await read(name);
  if (text === undefined) return;
  const ids = idsIn(text);
  if (!ids) log.warn("an allowlist of the original is not understood and left out", { name });
  const since = clock.now();
  const entries = (ids ?? [])
    .slice(0, mostEntries)
    .map((senderId) => book.entry({ channel, account, senderId, how: "paired", since }));
  await storage.writeRecords([...entries, { kind, id, data: JSON.stringify({ at: since }) }]);
}

function idsIn(text: string): readonly string[] | undefined {
  const file = parseJson(text);
  if (!Check(File, file)) return undefined;
  return file.allowFrom.map(String).filter((id) => /^[^\s@*][^\s*]*$/.test(id));
}
