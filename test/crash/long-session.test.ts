import { expect, test } from "bun:test";
import { statSync } from "node:fs";
import { join } from "node:path";
import { fill, openStock } from "../../bench/stock.ts";
import { startGateway } from "../support/gateway-process.ts";
import { SocketClient, textOf } from "../support/socket-client.ts";
import { tempFolder } from "../support/temp-folder.ts";

const isShort = Bun.env["OPENCLAW_CRASH"] !== "long";
const effort = isShort ? { events: 5_000, restarts: 5 } : { events: 100_000, restarts: 50 };
const command = [process.execPath, "run", join(import.meta.dir, "../../src/main.ts")];

/** What the database and its write-ahead log take on the disk. */
function storedBytes(home: string): number {
  const database = join(home, "state/openclaw.db");
  return [database, `${database}-wal`]
    .map((file) => statSync(file, { throwIfNoEntry: false })?.size ?? 0)
    .reduce((sum, bytes) => sum + bytes, 0);
}

test("a session of a hundred megabytes adds nothing to the disk when the gateway is started again, and holds up nobody else", async () => {
  using home = tempFolder();
  {
    await using storage = openStock(home.path);
    await fill(storage, "long", { sessions: 1, eventsEach: effort.events + 1, textBytes: 1_000 });
    await fill(storage, "short", { sessions: 1, eventsEach: 11, textBytes: 100 });
  }
  const sizes = new Set<number>();
  for (let start = 0; start <= effort.restarts; start++) {
    await using gateway = await startGateway({ home: home.path, command });
    await using client = await SocketClient.open(gateway.socketUrl);
    const { messages } = await client.call<{ messages: object[] }>("chat.history", { sessionKey: "long-0", limit: 50 });
    expect(messages).toHaveLength(50);
    expect(await gateway.stop("SIGTERM")).toBe(0);
    if (start > 0) sizes.add(storedBytes(home.path)); // the first start may have things of its own to put there
  }
  expect([...sizes]).toHaveLength(1);
  expect(storedBytes(home.path)).toBeGreaterThan(effort.events * 1_000);

  await using gateway = await startGateway({ home: home.path, command });
  await using client = await SocketClient.open(gateway.socketUrl);
  const [long, short] = await Promise.all([client.chat("hello", "long-0"), client.chat("hello", "short-0")]);
  expect([long.state, short.state]).toEqual(["final", "final"]);
  for (const sessionKey of ["long-0", "short-0"]) {
    const { messages } = await client.call<{ messages: Parameters<typeof textOf>[0][] }>("chat.history", {
      sessionKey,
      limit: 2,
    });
    expect(messages.map(textOf)[0]).toBe("hello");
  }
}, 600_000);
