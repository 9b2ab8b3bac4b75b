/**
 * Run as a process under the shim: appends a little in several sessions, says of each event whether it was `taken` or
 * `refused`, and `closed` at the end. Exits with 3 when the storage says that it cannot be opened, read or closed.
 */
import { newId } from "#base";
import { Fault } from "#protocol";
import { newEvent, opening, openSqliteFile, received } from "../../support/storage.ts";

const say = (text: string) => process.stdout.write(`${text}\n`);
try {
  const storage = openSqliteFile(process.argv[2] ?? "");
  const sessions: string[] = [];
  for (let i = 0; i < 3; i++) {
    const sessionId = newId();
    const opened = await attempt(() => storage.append(opening(sessionId, `agent:main:s${i}`)));
    if (opened) sessions.push(sessionId);
  }
  for (let i = 0; i < 30; i++) {
    for (const sessionId of sessions) {
      const event = newEvent(received(newId(), "x".repeat(200 * (i % 40))));
      const isTaken = await attempt(() => storage.append({ sessionId, events: [event] }));
      say(`${isTaken ? "taken" : "refused"} ${event.id}`);
    }
  }
  await storage[Symbol.asyncDispose]();
  say("closed");
} catch (error) {
  if (!isPlanned(error)) throw error;
  say(`given up: ${String(error)}`);
  process.exitCode = 3;
}

async function attempt(write: () => Promise<unknown>): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    if (error instanceof Fault && error.code === "storageUnavailable") return false;
    throw error;
  }
}

function isPlanned(error: unknown): boolean {
  if (error instanceof Fault) return true;
  return error instanceof Error && "code" in error && String(error.code).startsWith("SQLITE_");
}
