import { createClient, type Rpc } from "#rpc";
import { expect, test } from "bun:test";
import { HeldSocket, House, openRpc, rightToken, peer } from "../../support/rpc-house.ts";

/** A client whose transport is a line of RPC in the same process. */
function dial(rpc: Rpc) {
  const events: [string, unknown][] = [];
  const socket = new HeldSocket();
  const client = createClient({
    send: (text) => line.receive(text),
    onEvent: (name, params) => events.push([name, params]),
  });
  socket.send = (text) => {
    client.receive(text);
    return text.length;
  };
  const line = rpc.open(socket, peer({ token: rightToken }));
  return { client, events };
}

test("a client calls methods by name, and is told of what happens", async () => {
  await using rpc = openRpc(new House());
  const { client, events } = dial(rpc);
  expect((await client.call("ping", {})).pong).toBe(true);
  const { runId, status } = await client.call("chat.send", { sessionKey: "main", message: "hi", idempotencyKey: "k" });
  expect([runId, status]).toEqual(["k", "started"]);
  expect(events.map(([name]) => name)).toEqual(["message", "typing"]);
  const many = await Promise.all(Array.from({ length: 50 }, () => client.call("sessions.list", {})));
  expect(many.map(({ sessions }) => sessions[0]?.key)).toEqual(many.map(() => "main"));
});

test("a refusal arrives as the fault it was", async () => {
  await using rpc = openRpc(new House());
  const { client } = dial(rpc);
  await expect(client.call("sessions.get", { sessionKey: "nobody" })).rejects.toMatchObject({
    code: "sessionNotFound",
    data: { key: "nobody" },
    message: "There is no session “nobody”.",
    status: 404,
  });
  await expect(client.request("no.such", {})).rejects.toMatchObject({ code: "methodNotFound" });
});

test("a call without an answer ends: by time, by its caller, by the end of the connection", async () => {
  const sent: string[] = [];
  const client = createClient({ send: (text) => sent.push(text) });
  await expect(client.call("ping", {}, { timeoutMs: 5 })).rejects.toThrow("ping was not answered within 5 ms");
  const caller = new AbortController();
  const cancelled = client.call("ping", {}, { signal: caller.signal });
  caller.abort(new Error("enough"));
  await expect(cancelled).rejects.toThrow("ping was cancelled");
  const cut = client.call("ping", {});
  client.closed("The gateway closed the connection (1012).");
  await expect(cut).rejects.toThrow("The gateway closed the connection (1012).");
  await expect(client.call("ping", {})).rejects.toThrow("The gateway closed the connection (1012).");
  expect(sent).toHaveLength(3);
});

test("an answer that does not fit is not passed on, and noise is ignored", async () => {
  const client = createClient({
    send: (text) => {
      const { id } = JSON.parse(text) as { id: number };
      for (const noise of ["", "null", "[]", "7", '{"id":99,"result":1}', '{"method":7}', '{"method":"x"}'])
        client.receive(noise);
      client.receive(JSON.stringify({ jsonrpc: "2.0", id, result: { pong: "yes" } }));
    },
  });
  await expect(client.call("ping", {})).rejects.toThrow("ping answered with something else than expected: /time");
  expect(await client.request("ping", {})).toEqual({ pong: "yes" });
});

test("so many calls wait for answers, and no more", async () => {
  const client = createClient({ send: () => {} });
  const waiting = Array.from({ length: 1_000 }, () => client.request("ping", {}).catch(() => "closed"));
  await expect(client.request("ping", {})).rejects.toThrow("1000 calls wait");
  client.closed("over");
  expect(new Set(await Promise.all(waiting))).toEqual(new Set(["closed"]));
});
