/** Run as a process by the kill -9 test: appends without end, and says on its output what is acknowledged. */
import { newId } from "#base";
import { newEvent, opening, openSqliteFile, received } from "./storage.ts";

const storage = openSqliteFile(process.argv[2] ?? "");

async function write(): Promise<never> {
  const sessionId = newId();
  await storage.append(opening(sessionId, `agent:main:${sessionId}`));
  for (;;) {
    const event = newEvent(received(newId(), "x".repeat(Math.random() * 3_000)));
    const receipt = { scope: "test", key: event.id, requestHash: "", runId: event.id };
    await storage.append({ sessionId, events: [event], receipt });
    process.stdout.write(`${sessionId} ${event.id}\n`);
  }
}

await Promise.all(Array.from({ length: 8 }, write));
