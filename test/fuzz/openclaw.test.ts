import { createLog } from "#base";
import { expect, test } from "bun:test";
import { dice } from "../support/dice.ts";
import { mutate } from "../support/mutate.ts";
import { connectParams, OpenClawSocket } from "../support/openclaw-socket.ts";
import { House, openRpc, rightToken } from "../support/rpc-house.ts";
import { until } from "../support/until.ts";

const seeds = [1, 2, 3, 4, 5, 6];

const frame = (id: string, method: string, params?: unknown) =>
  JSON.stringify({ type: "req", id, method, ...(params !== undefined && { params }) });

const corpus = [
  frame("0", "connect", connectParams({ scopes: ["operator.write"], caps: ["tool-events"] })),
  frame("1", "health"),
  frame("2", "chat.send", { sessionKey: "main", message: 'hello \\ "there" 😀', idempotencyKey: "k", deliver: false }),
  frame("3", "chat.history", { sessionKey: "main", limit: 5, offset: 1, maxBytes: 1_000 }),
  frame("4", "sessions.patch", { key: "main", label: "x", thinkingLevel: "low", model: null }),
  frame("5", "sessions.list", { limit: 2, search: "a", activeMinutes: 5, archived: "all" }),
  frame("6", "agent.wait", { runId: "k", timeoutMs: 0 }),
];

const codes = ["INVALID_REQUEST", "FORBIDDEN", "UNAVAILABLE", "NOT_PAIRED"];

/** What the server says is a frame of this protocol, whole and without the secret. */
function expectFrame(text: string): void {
  expect(text).not.toContain(rightToken);
  const said = JSON.parse(text) as Record<string, unknown>;
  expect(said["type"]).toBeOneOf(["res", "event"]);
  if (said["type"] === "event") return;
  expect(typeof said["id"]).toBeOneOf(["string", "number"]);
  const { error } = said as { error?: { code: string; message: string } };
  expect(said["ok"]).toBe(error === undefined);
  if (error) expect([codes.includes(error.code), error.message !== ""]).toEqual([true, true]);
}

test.each(seeds)("whatever comes after hello is answered, and nothing breaks (seed %d)", async (seed) => {
  const roll = dice(seed);
  const incidents: string[] = [];
  await using rpc = openRpc(new House(), { log: createLog({ level: "error", write: (line) => incidents.push(line) }) });
  const client = await OpenClawSocket.connected(rpc, ["operator.write"]);
  for (let step = 0; step < 300; step++) {
    const text = mutate(corpus, roll);
    client.line.receive(roll(2) === 0 ? text : new TextEncoder().encode(text));
    if (roll(5) === 0) await Bun.sleep(0);
    if (client.socket.closed) break; // bytes that are no UTF-8 end it
  }
  if (!client.socket.closed) expect((await client.ask("health")).ok).toBe(true);
  client.socket.texts.forEach(expectFrame);
  expect(client.frames.some(({ ok }) => ok === true)).toBe(true);
  expect(incidents).toEqual([]);
});

test.each(seeds)(
  "whatever comes first is let in by the token alone, or closed with a reason (seed %d)",
  async (seed) => {
    const roll = dice(seed);
    await using rpc = openRpc(new House());
    const ends = new Set<string>();
    for (let step = 0; step < 150; step++) {
      const client = new OpenClawSocket(rpc, { address: `192.0.2.${step}` });
      const [connect = ""] = corpus;
      const text = roll(8) === 0 ? connect : mutate([connect], roll);
      client.line.receive(text);
      await until("an end or an answer", () => client.socket.closed ?? client.socket.texts.length > 0);
      const [connection] = rpc.connections();
      if (connection?.isAuthenticated) expect(text).toContain(rightToken);
      ends.add(connection?.isAuthenticated ? "in" : `closed ${client.socket.closed?.code}`);
      client.line.closed();
    }
    expect([...ends]).toEqual(expect.arrayContaining(["in", "closed 1008"]));
  },
);
