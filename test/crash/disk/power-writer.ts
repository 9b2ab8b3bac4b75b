/**
 * Run as a process under the shim: `power-writer.ts database side-log acknowledgements [unsynced]` appends until so many
 * are acknowledged, and says of each how long the log of the disk was then.
 */
import { statSync } from "node:fs";
import { armFailPoint, newId } from "#base";
import { newEvent, opening, openSqliteFile, received } from "../../support/storage.ts";

const [, , database = "", sideLog = "", most = "0", mode] = process.argv;
if (mode === "unsynced") armFailPoint("storage.open.unsynced", () => {});
const storage = openSqliteFile(database);
const due = Array.from({ length: Number(most) }, (_, n) => n);

async function write(): Promise<void> {
  const sessionId = newId();
  await storage.append(opening(sessionId, `agent:main:${sessionId}`));
  while (due.pop() !== undefined) {
    const event = newEvent(received(newId(), "x".repeat(Math.random() * 3_000)));
    const receipt = { scope: "test", key: event.id, requestHash: "", runId: event.id };
    await storage.append({ sessionId, events: [event], receipt });
    process.stdout.write(`${event.id} ${statSync(sideLog).size}\n`);
  }
}

await Promise.all(Array.from({ length: 4 }, write));
process.kill(process.pid, "SIGKILL");
