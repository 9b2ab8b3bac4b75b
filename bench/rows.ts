import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { SocketClient } from "../test/support/socket-client.ts";
import { tempFolder } from "../test/support/temp-folder.ts";
import { cpuMs, median, quantile, rssMegabytes } from "./figures.ts";
import type { Peer } from "./peers.ts";

/** How much is measured: `quick` for a look in CI, `full` for figures to quote. */
export interface Effort {
  readonly starts: number;
  readonly idleSeconds: number;
  readonly pingSeconds: number;
  readonly turns: number;
}

export const efforts: Readonly<Record<"quick" | "full", Effort>> = {
  quick: { starts: 3, idleSeconds: 3, pingSeconds: 2, turns: 200 },
  full: { starts: 15, idleSeconds: 60, pingSeconds: 10, turns: 2_000 },
};

export interface Figure {
  readonly what: string;
  readonly unit: string;
  readonly value: number;
  /** What the design promises; absent where the figure only explains another. */
  readonly atMost?: number;
  readonly atLeast?: number;
}

/** Each measures one peer and names its figures; a figure of the same name of the other peer stands beside it. */
export const rows: readonly ((peer: Peer, effort: Effort) => Promise<Figure[]>)[] = [
  startup,
  idle,
  ping,
  turnsAt(1),
  turnsAt(8),
  turnsAt(64),
  memoryAfterTurns,
  connections,
];

async function startup(peer: Peer, { starts }: Effort): Promise<Figure[]> {
  using home = tempFolder();
  await (await peer.start(home.path)).stop();
  const healthy: number[] = [];
  const answered: number[] = [];
  for (let i = 0; i < starts; i++) {
    const begin = performance.now();
    await using gateway = await peer.start(home.path);
    healthy.push(gateway.startMs);
    await using client = await SocketClient.open(gateway.socketUrl);
    await client.chat("hello");
    answered.push(performance.now() - begin);
  }
  return [
    { what: "spawn → first healthy response, warm database", unit: "ms", value: median(healthy), atMost: 30 },
    { what: "spawn → first finished turn", unit: "ms", value: median(answered), atMost: 60 },
  ];
}

async function idle(peer: Peer, { idleSeconds }: Effort): Promise<Figure[]> {
  await using gateway = await peer.start();
  await Bun.sleep(500); // what a start leaves to do is not idling
  const before = cpuMs(gateway.pid);
  await Bun.sleep(idleSeconds * 1_000);
  const share = (cpuMs(gateway.pid) - before) / (idleSeconds * 1_000);
  return [
    { what: "idle RSS", unit: "MB", value: rssMegabytes(gateway.pid), atMost: 40 },
    { what: "idle CPU", unit: "%", value: share * 100, atMost: 0.2 },
  ];
}

/** 200 pings a second over 16 connections, sent by the clock whether or not the one before was answered; then as many as it can. */
async function ping(peer: Peer, { pingSeconds }: Effort): Promise<Figure[]> {
  await using gateway = await peer.start();
  const clients = await Promise.all(Array.from({ length: 16 }, () => SocketClient.open(gateway.socketUrl)));
  for (const client of clients) await once(client);

  const latencies: Promise<number>[] = [];
  const start = performance.now();
  for (let i = 0; i < pingSeconds * 200; i++) {
    await Bun.sleep(Math.max(0, start + i * 5 - performance.now()));
    const client = clients[i % clients.length];
    if (client) latencies.push(once(client));
  }
  const measured = await Promise.all(latencies);

  let served = 0;
  const end = performance.now() + pingSeconds * 500;
  await Promise.all(
    clients.map(async (client) => {
      while (performance.now() < end) {
        await Promise.all([once(client), once(client), once(client), once(client)]);
        served += 4;
      }
    }),
  );
  await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()));
  return [
    { what: "RPC ping at 200/s, p50", unit: "ms", value: quantile(measured, 0.5), atMost: 0.1 },
    { what: "RPC ping at 200/s, p99", unit: "ms", value: quantile(measured, 0.99), atMost: 0.5 },
    { what: "RPC ping capacity (bound by the one client process)", unit: "/s", value: served / (pingSeconds / 2) },
  ];
}

async function once(client: SocketClient): Promise<number> {
  const begin = performance.now();
  await client.call("ping");
  return performance.now() - begin;
}

/** Turns one after another in each of `sessions` sessions, all beside each other; the fake model answers at once. */
function turnsAt(sessions: number): (peer: Peer, effort: Effort) => Promise<Figure[]> {
  return async (peer, { turns }) => {
    await using gateway = await peer.start();
    await using client = await SocketClient.open(gateway.socketUrl);
    const finals = finalsOf(client);
    const each = Math.max(5, Math.ceil(turns / sessions));
    const overheads: number[] = [];
    const talk = async (session: number, count: number) => {
      for (let i = 0; i < count; i++) {
        const begin = performance.now();
        const key = `bench-${sessions}-${session}-${i}-${begin}`;
        const final = finals.get(key);
        await client.call("chat.send", { sessionKey: `bench-${session}`, message: "hello", idempotencyKey: key });
        await final;
        overheads.push(performance.now() - begin);
      }
    };
    const all = (count: number) => Promise.all(Array.from({ length: sessions }, (_, session) => talk(session, count)));
    await all(5);
    overheads.length = 0;
    const [cpuBefore, begin] = [cpuMs(gateway.pid), performance.now()];
    await all(each);
    const seconds = (performance.now() - begin) / 1_000;
    const cpu = (cpuMs(gateway.pid) - cpuBefore) / overheads.length;
    const at = `turn at ${sessions} session${sessions === 1 ? "" : "s"}`;
    return [
      {
        what: `${at}, send → final, p50`,
        unit: "ms",
        value: quantile(overheads, 0.5),
        ...(sessions === 1 && { atMost: 1 }),
      },
      {
        what: `${at}, send → final, p99`,
        unit: "ms",
        value: quantile(overheads, 0.99),
        ...(sessions === 1 && { atMost: 10 }),
      },
      {
        what: `${at}, turns`,
        unit: "/s",
        value: overheads.length / seconds,
        ...(sessions === 64 && { atLeast: 1_000 }),
      },
      { what: `${at}, CPU a turn`, unit: "ms", value: cpu, ...(sessions === 64 && { atMost: 1 }) },
    ];
  };
}

async function memoryAfterTurns(peer: Peer): Promise<Figure[]> {
  await using gateway = await peer.start();
  await using client = await SocketClient.open(gateway.socketUrl);
  const after = async (turns: number) => {
    const eight = Array.from({ length: 8 }, (_, session) => session);
    await Promise.all(
      eight.map(async (session) => {
        for (let i = 0; i < turns / 8; i++) await client.chat("hello", `bench-${session}`);
      }),
    );
    client.notifications.length = 0;
    return rssMegabytes(gateway.pid);
  };
  const first = await after(500);
  const second = await after(500);
  return [
    { what: "RSS after 500 turns", unit: "MB", value: first, atMost: 60 },
    { what: "RSS growth over the next 500 turns", unit: "MB", value: second - first },
  ];
}

async function connections(peer: Peer, { turns }: Effort): Promise<Figure[]> {
  const count = Math.min(turns, 2_000);
  await using gateway = await peer.start();
  const before = rssMegabytes(gateway.pid);
  const begin = performance.now();
  const clients: SocketClient[] = [];
  while (clients.length < count) {
    clients.push(...(await Promise.all(Array.from({ length: 50 }, () => SocketClient.open(gateway.socketUrl)))));
  }
  const seconds = (performance.now() - begin) / 1_000;
  const each = ((rssMegabytes(gateway.pid) - before) * 1e3) / count;
  await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()));
  return [
    { what: `memory a connection, at ${count}`, unit: "kB", value: each, atMost: 8 },
    { what: "connects (bound by the one client process)", unit: "/s", value: count / seconds },
  ];
}

/** Resolves by the run's id when its `chat` event says final. */
function finalsOf(client: SocketClient): { get(runId: string): Promise<void> } {
  const waiting = new Map<string, () => void>();
  client.onNotification(({ method, params }) => {
    client.notifications.length = 0;
    if (method !== "chat" || params["state"] === "delta") return;
    if (params["state"] !== "final") throw new Error(`a turn ended with ${JSON.stringify(params)}`);
    waiting.get(String(params["runId"]))?.();
    waiting.delete(String(params["runId"]));
  });
  return { get: (runId) => new Promise((resolve) => waiting.set(runId, resolve)) };
}

/** What one sync of this disk costs, in the folder where the state of the peers lies. */
export function syncCost(): Figure[] {
  using folder = tempFolder();
  const fd = openSync(join(folder.path, "sync"), "w");
  const samples = Array.from({ length: 200 }, () => {
    const begin = performance.now();
    writeSync(fd, "x".repeat(4_096));
    fsyncSync(fd);
    return performance.now() - begin;
  });
  closeSync(fd);
  return [
    { what: "one sync of this disk, p50", unit: "ms", value: quantile(samples, 0.5) },
    { what: "one sync of this disk, p99", unit: "ms", value: quantile(samples, 0.99) },
  ];
}
