import { type Caller, type DialectName, dialects } from "../dialects.ts";
import { quantile, rssMegabytes } from "../figures.ts";
import { heapOfConnections } from "../held-heap.ts";
import type { Peer } from "../peers.ts";
import type { Figure, Row } from "../row.ts";

/** What the second dialect may cost, as a share of the first. */
const atMost = 1.2;
const atOnce = 32;
const clientsEach = 8;
const settlingSeconds = 8;
/** Of fewer, a megabyte that the allocator keeps by chance is more than what is compared. */
const fewest = 10_000;
/** What the first ones load and grow is no connection's. */
const first = 1_000;

/** The two dialects of the gateway beside each other; the floor has one. */
export const dialectRow: Row = async (peer, { pingSeconds, held }) => {
  if (peer.name === "floor") return [];
  const figures = await latencies(peer, pingSeconds);
  for (const count of held) {
    const resident = (dialect: DialectName) => residentOfConnections(peer, dialect, count);
    if (count >= fewest) figures.push(...(await beside(`memory a connection, ${count} held`, "kB", resident)));
    const heap = async (dialect: DialectName) => (await heapOfConnections(dialect, count)) / 1e3;
    figures.push(...(await beside(`heap a connection, ${count} held`, "kB", heap)));
  }
  return figures;
};

async function beside(
  what: string,
  unit: string,
  measure: (dialect: DialectName) => Promise<number>,
): Promise<Figure[]> {
  const jsonRpc = await measure("JSON-RPC");
  return compared(what, unit, { jsonRpc, openClaw: await measure("OpenClaw") });
}

function compared(
  what: string,
  unit: string,
  { jsonRpc, openClaw }: { readonly jsonRpc: number; readonly openClaw: number },
): Figure[] {
  return [
    { what: `${what}, JSON-RPC`, unit, value: jsonRpc },
    { what: `${what}, OpenClaw`, unit, value: openClaw },
    { what: `${what}, OpenClaw by JSON-RPC`, unit: "×", value: openClaw / jsonRpc, atMost },
  ];
}

/** On one gateway by turns, so that whatever else the machine does is shared. */
async function latencies(peer: Peer, seconds: number): Promise<Figure[]> {
  await using gateway = await peer.start();
  const sides = {
    jsonRpc: { clients: await connect(gateway.socketUrl, "JSON-RPC", clientsEach), taken: [] as Promise<number>[] },
    openClaw: { clients: await connect(gateway.socketUrl, "OpenClaw", clientsEach), taken: [] as Promise<number>[] },
  };
  const both = [sides.jsonRpc, sides.openClaw];
  await Promise.all(both.flatMap(({ clients }) => clients.map(once)));
  const start = performance.now();
  for (let i = 0; i < seconds * 200; i++) {
    await Bun.sleep(Math.max(0, start + i * 5 - performance.now()));
    for (const { clients, taken } of i % 2 ? both : both.toReversed()) {
      const client = clients[i % clients.length];
      if (client) taken.push(once(client));
    }
  }
  const [jsonRpc, openClaw] = await Promise.all([Promise.all(sides.jsonRpc.taken), Promise.all(sides.openClaw.taken)]);
  await leave(both.flatMap(({ clients }) => clients));
  return [
    { name: "p50", share: 0.5 },
    { name: "p99", share: 0.99 },
  ].flatMap(({ name, share }) =>
    compared(`ping beside the other dialect, ${name}`, "ms", {
      jsonRpc: quantile(jsonRpc, share),
      openClaw: quantile(openClaw, share),
    }),
  );
}

async function once(client: Caller): Promise<number> {
  const begin = performance.now();
  await client.call("ping");
  return performance.now() - begin;
}

/** In kilobytes, as the kernel counts them, once what coming in left behind is swept up. */
async function residentOfConnections(peer: Peer, dialect: DialectName, count: number): Promise<number> {
  await using gateway = await peer.start();
  const clients = await connect(gateway.socketUrl, dialect, first);
  const before = await settledMegabytes(gateway.pid);
  clients.push(...(await connect(gateway.socketUrl, dialect, count)));
  const each = (((await settledMegabytes(gateway.pid)) - before) * 1e3) / count;
  await leave(clients);
  return each;
}

/** The least that it comes down to: the collector runs when it likes, and all do nothing meanwhile. */
async function settledMegabytes(pid: number): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let second = 0; second < settlingSeconds; second++) {
    await Bun.sleep(1_000);
    least = Math.min(least, rssMegabytes(pid));
  }
  return least;
}

async function connect(socketUrl: string, dialect: DialectName, count: number): Promise<Caller[]> {
  const clients: Caller[] = [];
  while (clients.length < count) {
    const more = Math.min(atOnce, count - clients.length);
    clients.push(...(await Promise.all(Array.from({ length: more }, () => dialects[dialect](socketUrl)))));
  }
  return clients;
}

async function leave(clients: readonly Caller[]): Promise<void> {
  await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()));
}
