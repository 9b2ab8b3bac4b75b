import { silentLog, systemClock } from "#base";
import { createSessions } from "#sessions";
import { SocketClient } from "../../test/support/socket-client.ts";
import { tempFolder } from "../../test/support/temp-folder.ts";
import { until } from "../../test/support/until.ts";
import { median, quantile } from "../figures.ts";
import type { Figure, Row } from "../row.ts";
import { fill, openStock } from "../stock.ts";

const cutOff = 32;
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
  const takes: number[] = [];
  const starts: number[] = [];
  for (let i = 0; i <= 5; i++) {
    await using gateway = await peer.start(home.path);
    const healthy = performance.now();
    await until("readiness", async () => (await fetch(`${gateway.url}/ready`)).ok);
    const startMs = gateway.startMs + performance.now() - healthy;
    if (i > 0) starts.push(startMs); // the first one finds a database that was closed
    await using client = await SocketClient.open(gateway.socketUrl);
    await client.call("ping");
    let begin = performance.now();
    await client.call("chat.history", { sessionKey: "long-0", limit: 200 });
    opens.push(performance.now() - begin);
    begin = performance.now();
    await client.call("chat.send", { sessionKey: "long-0", message: "hello" });
    takes.push(performance.now() - begin);
    // Killed amid turns: the next start finds a log to read and turns to take up.
    const sessions = Array.from({ length: cutOff }, (_, n) => `many-${n}`);
    await Promise.all(sessions.map((sessionKey) => client.call("chat.send", { sessionKey, message: "hello" })));
    await gateway.stop("SIGKILL");
  }
  const [long, many] = [(storedEvents / 10).toLocaleString("en"), (storedEvents / 100).toLocaleString("en")];
  return [
    { what: `first history of a session of ${long} events`, unit: "ms", value: median(opens), atMost: 200 },
    { what: `first message into a session of ${long} events, taken`, unit: "ms", value: median(takes), atMost: 200 },
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
      if (state?.summary.messageCount !== cold.messages) throw new Error("the session is not what was stored");
      if (state.conversation.length === 0) throw new Error("the session is empty");
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
