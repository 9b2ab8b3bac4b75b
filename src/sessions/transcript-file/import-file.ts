import { fault } from "#protocol";
import type { Storage } from "#storage";
import { parseSessionKey } from "../session-key.ts";
import type { Uploaded } from "./import-desk.ts";
import { type ReadFile, readFile } from "./read-file.ts";

const defaultAgentId = "main";

/** Throws `importRefused` with what is wrong with the file. */
export function readImport(uploaded: Uploaded | undefined, wanted: string | undefined) {
  if (!uploaded) throw fault.importRefused({ problem: "nothing of it is here" });
  const { header, entries } = uploaded;
  const text = wanted ?? header.openclaw?.key ?? `imported-${header.id.slice(0, 8)}`;
  const place = parseSessionKey(text, { agentId: defaultAgentId });
  if (!place.ok) throw fault.importRefused({ problem: `“${text}” is no session key: ${place.because}` });
  const { key, agentId, channel } = place;
  const reading = readFile(header, entries, { key, agentId, channel });
  if (!reading.ok) throw fault.importRefused({ problem: reading.because });
  return { place, file: reading.file satisfies ReadFile };
}

/** Nothing that is here is added to or replaced. */
export async function refuseKnown(storage: Storage, key: string, sessionId: string): Promise<void> {
  if (await storage.sessionByKey(key))
    throw fault.importRefused({ problem: `there is a session “${key}” already; name another key` });
  if ((await storage.events(sessionId, { limit: 1, take: "first" })).length > 0)
    throw fault.importRefused({ problem: `the session ${sessionId} is here already, under whatever key` });
}
