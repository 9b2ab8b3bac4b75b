import { silentLog, systemClock } from "#base";
import { createSessions } from "#sessions";
import { SocketClient } from "../../test/support/socket-client.ts";
import { tempFolder } from "../../test/support/temp-folder.ts";
import { median, quantile } from "../figures.ts";
import type { Figure, Row } from "../row.ts";
import { fill, openStock } from "../stock.ts";

const cold = { sessions: 200, messages: 1_000 };

/** What a long life costs: sessions of many events, many of them, and a start that finds them. */
export const stored: Row = async (peer, { storedEvents }) => {
  if (peer.name === "floor") return [];
  using home = tempFolder();
  {
    await using storage = openStock(home.path);
    await fill(storage, "long", { sessions: 1, eventsEach: storedEvents / 10 + 1, textBytes: 800 });
    await fill(storage, "many", { sessions: storedEvents / 100, eventsEach: 101, textBytes: 100 });
  }
  const opens: number[] = [];
  const starts: number[] = [];
  for (let i = 0; i < 5; i++) {
    await using gateway = await peer.start(home.path);
    starts.push(gateway.startMs);
    await using client = await SocketClient.open(gateway.socketUrl);
    await client.call("ping");
    const begin = performance.now();
    await client.call("chat.history", { sessionKey: "long-0", limit: 200 });
    opens.push(performance.now() - begin);
    await client.chat("hello", "many-7");
    await gateway.stop("SIGKILL");
  }
  const [long, many] = [(storedEvents / 10).toLocaleString("en"), (storedEvents / 100).toLocaleString("en")];
  return [
    { what: `first history of a session of ${long} events`, unit: "ms", value: median(opens), atMost: 200 },
    {
      what: `start after kill -9, ${many} sessions, ${storedEvents.toLocaleString("en")} events`,
      unit: "ms",
      value: median(starts),
      atMost: 500,
    },
    ...(await loads()),
  ];
};

/** In this process, without a wire: what the sessions room takes to know a session that it does not know, and one that it does. */
async function loads(): Promise<Figure[]> {
  using home = tempFolder();
  await using storage = openStock(home.path);
  await fill(storage, "cold", { sessions: cold.sessions, eventsEach: cold.messages + 1, textBytes: 200 });
  await using sessions = createSessions({ storage, log: silentLog, clock: systemClock, cacheBytes: 1 << 30 });
  const times = { first: [] as number[], again: [] as number[] };
  for (const which of ["first", "again"] as const) {
    for (let n = 0; n < cold.sessions; n++) {
      const begin = performance.now();
      const state = await sessions.state(`agent:main:cold-${n}`);
      if (state?.conversation.length === 0) throw new Error("the session is empty");
      times[which].push(performance.now() - begin);
    }
  }
  return [
    {
      what: "cold load of a session of 1,000 messages p95",
      unit: "ms",
      value: quantile(times.first, 0.95),
      atMost: 10,
    },
    { what: "warm load of a session of 1,000 messages p95", unit: "ms", value: quantile(times.again, 0.95), atMost: 1 },
  ];
}
