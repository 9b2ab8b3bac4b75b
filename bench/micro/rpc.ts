import type { Rpc, Socket } from "#rpc";
import { bench, group } from "mitata";
import { House, openRpc, operator, peer, rightToken } from "../../test/support/rpc-house.ts";

export function benchRpc(): void {
  group("rpc", () => {
    const quiet = new House();
    const rpc = openRpc(quiet);
    const from = operator(rpc);
    const ping = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping", params: {} });
    bench("JSON-RPC: a ping to its answer", async () => rpc.answer(ping, from));

    for (const count of [1, 100]) {
      const house = new House();
      join(openRpc(house), count);
      const delta = { kind: "TextDelta", runId: "run-1", text: "Hello " } as const;
      bench(`a delta to ${count} connection${count === 1 ? "" : "s"}`, () => {
        house.notice({ type: "delta", key: "agent:main:main", agentId: "main", delta });
      });
    }
  });
}

function join(rpc: Rpc, count: number): void {
  const socket: Socket = { send: (text) => text.length, bufferedBytes: () => 0, close: () => {} };
  for (let i = 0; i < count; i++) rpc.open(socket, peer({ token: rightToken }));
}
