import { SocketClient } from "../../test/support/socket-client.ts";
import { quantile } from "../figures.ts";
import type { Row } from "../row.ts";

/** 200 pings a second over 16 connections, sent by the clock whether or not the one before was answered; then as many as it can. */
export const ping: Row = async (peer, { pingSeconds }) => {
  await using gateway = await peer.start();
  const clients = await Promise.all(Array.from({ length: 16 }, () => SocketClient.open(gateway.socketUrl)));
  for (const client of clients) await once(client);
  const latencies = await byTheClock(clients, pingSeconds);
  const served = await flatOut(clients, pingSeconds / 2);
  await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()));
  return [
    { what: "RPC ping at 200/s, p50", unit: "ms", value: quantile(latencies, 0.5), atMost: 0.1 },
    { what: "RPC ping at 200/s, p99", unit: "ms", value: quantile(latencies, 0.99), atMost: 0.5 },
    { what: "RPC ping capacity (bound by the one client process)", unit: "/s", value: served, atLeast: 80_000 },
  ];
};

async function byTheClock(clients: readonly SocketClient[], seconds: number): Promise<number[]> {
  const latencies: Promise<number>[] = [];
  const start = performance.now();
  for (let i = 0; i < seconds * 200; i++) {
    await Bun.sleep(Math.max(0, start + i * 5 - performance.now()));
    const client = clients[i % clients.length];
    if (client) latencies.push(once(client));
  }
  return Promise.all(latencies);
}

/** How many a second. */
async function flatOut(clients: readonly SocketClient[], seconds: number): Promise<number> {
  let served = 0;
  const end = performance.now() + seconds * 1_000;
  await Promise.all(
    clients.map(async (client) => {
      while (performance.now() < end) {
        await Promise.all([once(client), once(client), once(client), once(client)]);
        served += 4;
      }
    }),
  );
  return served / seconds;
}

async function once(client: SocketClient): Promise<number> {
  const begin = performance.now();
  await client.call("ping");
  return performance.now() - begin;
}
