import { SocketClient } from "../../test/support/socket-client.ts";
import { rssMegabytes } from "../figures.ts";
import type { Row } from "../row.ts";

const atOnce = 50;
/** What the first ones load and grow is no connection's. */
const first = 1_000;

export const connections: Row = async (peer, { connections: count }) => {
  await using gateway = await peer.start();
  const clients = await connect(gateway.socketUrl, first);
  const before = rssMegabytes(gateway.pid);
  const begin = performance.now();
  clients.push(...(await connect(gateway.socketUrl, count)));
  const seconds = (performance.now() - begin) / 1_000;
  const each = ((rssMegabytes(gateway.pid) - before) * 1e3) / count;
  await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()));
  return [
    { what: `memory a connection, at ${count}`, unit: "kB", value: each, atMost: 8 },
    { what: "connects (bound by the one client process)", unit: "/s", value: count / seconds, atLeast: 10_000 },
  ];
};

async function connect(socketUrl: string, count: number): Promise<SocketClient[]> {
  const clients: SocketClient[] = [];
  while (clients.length < count) {
    clients.push(...(await Promise.all(Array.from({ length: atOnce }, () => SocketClient.open(socketUrl)))));
  }
  return clients;
}
