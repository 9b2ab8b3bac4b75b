import { expect, test } from "bun:test";
import { join } from "node:path";
import { newId, silentLog, systemClock } from "#base";
import { createSessions, type Sessions } from "#sessions";
import { newEvent, opening, openSqliteFile, received, tempFolder } from "../support/storage.ts";

const events = 6_000;
const big = "agent:main:big";
const small = "agent:main:small";

/** What reads the whole of a log, or as much of it as it can. */
const readings: readonly (readonly [string, number, (sessions: Sessions) => Promise<unknown>])[] = [
  ["opened without a summary", events / 210, (sessions) => sessions.state(big)],
  ["read from one end to the other", events / 500, (sessions) => Array.fromAsync(sessions.events(big))],
  ["looked back into", events / 500, (sessions) => sessions.past(big, events)],
  ["replayed", events / 500, (sessions) => sessions.replay(big, { mends: false })],
  ["asked for as much of its history as there can be", 2, (sessions) => sessions.history(big, { limit: 1_000 })],
];

test.each(readings)(
  "others are served while a huge session is %s, about once for each page of it",
  async (_how, pages, read) => {
    using folder = tempFolder();
    await using storage = openSqliteFile(join(folder.path, "state.db"));
    const sessionId = newId();
    await storage.append(opening(sessionId, big));
    for (let n = 1; n < events; n += 500) {
      const piece = Array.from({ length: Math.min(500, events - n) }, (_, i) =>
        newEvent(received(newId(), `word ${n + i}`)),
      );
      await storage.append({ sessionId, events: piece });
    }
    await storage.append(opening("other", small, [received(newId(), "hello")]));
    await using sessions = createSessions({ storage, log: silentLog, clock: systemClock, cacheBytes: 0 });

    const state = { isOver: false };
    let served = 0;
    const reading = read(sessions).finally(() => {
      state.isOver = true;
    });
    while (!state.isOver) {
      await new Promise((resolve) => setImmediate(resolve));
      if (!state.isOver && (await sessions.history(small, { limit: 10 })).rows.length === 1) served += 1;
    }
    await reading;
    expect(served).toBeGreaterThanOrEqual(Math.floor(pages) - 1);
  },
);
