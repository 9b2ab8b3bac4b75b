import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { startBystander } from "../support/bystander.ts";
import { startFakeModel } from "../support/fake-model.ts";
import { fakeModelConfig, type GatewayProcess, startGateway, token } from "../support/gateway-process.ts";
import { RawSocket } from "../support/raw-socket.ts";
import { SocketClient } from "../support/socket-client.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { until } from "../support/until.ts";

const bearer = { Authorization: `Bearer ${token}` };

interface Connected {
  readonly connections: readonly { readonly skippedEvents: number; readonly isAuthenticated: boolean }[];
}

test("fifty clients that stop reading are skipped and then cut; everyone else gets everything", async () => {
  using home = tempFolder();
  const part = "x".repeat(20_000);
  const parts = Array.from({ length: 10 }, () => part);
  await using model = startFakeModel({ script: () => ({ parts }) });
  await using gateway = await startGateway({ home: home.path, config: fakeModelConfig(model.url) });
  await using bystander = await startBystander(gateway.socketUrl);
  await using one = await SocketClient.open(gateway.socketUrl);
  await using two = await SocketClient.open(gateway.socketUrl);
  const slow = await Promise.all(Array.from({ length: 50 }, () => RawSocket.open(gateway.port, bearer)));
  for (const socket of slow) socket.pause();

  const before = rssMegabytes(gateway);
  let [turns, mostSkipped, mostMegabytes] = [0, 0, 0];
  const { worstMs } = await bystander.during(async () => {
    for (let left = slow.length; left > 0; turns++) {
      if (turns === 40) throw new Error(`after ${turns} turns ${left} slow clients are still there`);
      const { state, text, runId } = await one.chat("go", `session-${turns}`);
      expect([state, text.length]).toEqual(["final", parts.join("").length]);
      await until("the ending at the other reader", () => two.notifications.some((n) => isFinal(n.params, runId)));
      const { connections } = await one.call<Connected>("connections.list");
      left = connections.length - 3;
      mostSkipped = Math.max(mostSkipped, ...connections.map(({ skippedEvents }) => skippedEvents));
      mostMegabytes = Math.max(mostMegabytes, rssMegabytes(gateway) - before);
    }
  });
  expect(worstMs).toBeLessThan(1_000);
  expect(mostSkipped).toBeGreaterThan(0);
  expect(mostMegabytes).toBeLessThan(250);
  for (const { notifications } of [one, two]) {
    expect(notifications.map(({ params }) => params["seq"])).toEqual(notifications.map((_, at) => at + 1));
    const deltas = notifications.filter(({ params }) => params["state"] === "delta");
    expect(deltas).toHaveLength(turns * parts.length);
  }

  for (const socket of slow) socket.resume();
  const endings = await Promise.all(slow.map((socket) => socket.ended));
  expect(endings).toEqual(slow.map(() => ({ code: 1008, reason: "slow consumer" })));
  expect(await one.chat("still there?", "last")).toMatchObject({ state: "final" });
}, 30_000);

function isFinal(params: Record<string, unknown>, runId: string): boolean {
  return params["runId"] === runId && params["state"] === "final";
}

test("three hundred silent strangers keep nobody out, with a token or on the way to one", async () => {
  using home = tempFolder();
  await using gateway = await startGateway({ home: home.path });
  const strangers = await Promise.all(Array.from({ length: 300 }, () => RawSocket.open(gateway.port)));

  const begin = performance.now();
  await using friend = await SocketClient.open(gateway.socketUrl);
  expect(await friend.call("ping")).toMatchObject({ pong: true });
  expect(performance.now() - begin).toBeLessThan(1_000);

  await using newcomer = await until("room for one more stranger", () => connectByCall(gateway), 2_000);
  expect(await newcomer.call("status")).toMatchObject({ version: expect.any(String) });
  const { connections } = await friend.call<Connected>("connections.list");
  expect(connections.filter(({ isAuthenticated }) => !isAuthenticated).length).toBeLessThan(50);

  const ended = strangers.filter(({ hasEnded }) => hasEnded);
  expect(ended.length).toBeGreaterThan(250);
  const reasons = new Set(await Promise.all(ended.map(async (one) => JSON.stringify(await one.ended))));
  expect([...reasons].toSorted()).toEqual([
    '{"code":1008,"reason":"too many connections wait for their authentication"}',
    '{"code":1013,"reason":"Too many connections wait for their authentication."}',
  ]);
  for (const one of strangers) await one[Symbol.asyncDispose]();
});

/** As a browser has to: it cannot send headers with an upgrade, so it shows its token in a call. */
async function connectByCall(gateway: GatewayProcess): Promise<SocketClient | undefined> {
  const client = await SocketClient.open(gateway.socketUrl, null);
  const answered = client.call("connect", { auth: { token } }).then(() => true);
  if (await Promise.race([answered, client.closed.then(() => false)])) return client;
  return undefined;
}

function rssMegabytes({ pid }: GatewayProcess): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
}
