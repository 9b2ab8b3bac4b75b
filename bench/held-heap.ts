import type { Rpc, Socket } from "#rpc";
import { heapStats } from "bun:jsc";
import { connectParams } from "../test/support/openclaw-socket.ts";
import { House, openRpc, peer, request, rightToken } from "../test/support/rpc-house.ts";
import { until } from "../test/support/until.ts";
import { claim, type DialectName } from "./dialects.ts";

const hello: Readonly<Record<DialectName, string>> = {
  "JSON-RPC": request(1, "connect", { auth: { token: rightToken }, ...claim }),
  OpenClaw: JSON.stringify({
    type: "req",
    id: "1",
    method: "connect",
    params: connectParams({ scopes: claim.scopes }),
  }),
};

/** How many come at once: fewer than there is room for before they have said who they are. */
const atOnce = 20;

/** What the JavaScript heap keeps for each of so many connections, their sockets apart; in bytes. */
export async function heapOfConnections(dialect: DialectName, count: number): Promise<number> {
  await using house = new House();
  await using rpc = openRpc(house);
  const crowd = new Crowd(rpc, hello[dialect]);
  await crowd.grow(1_000);
  const before = heapBytes();
  await crowd.grow(count);
  return (heapBytes() - before) / count;
}

class Crowd {
  readonly #rpc: Rpc;
  readonly #hello: string;
  readonly #lines: unknown[] = [];
  #said = 0;
  readonly #socket: Socket = {
    send: (text) => {
      this.#said++;
      return text.length;
    },
    bufferedBytes: () => 0,
    close: () => {},
  };

  constructor(rpc: Rpc, first: string) {
    this.#rpc = rpc;
    this.#hello = first;
  }

  async grow(by: number): Promise<void> {
    for (const most = this.#lines.length + by; this.#lines.length < most;) {
      for (let i = 0; i < atOnce; i++) this.#join();
      // Each is challenged, and answered when it is in.
      await until("the last to be in", () => this.#said === 2 * this.#lines.length);
    }
  }

  #join(): void {
    const line = this.#rpc.open(this.#socket, peer());
    this.#lines.push(line);
    line.receive(this.#hello);
  }
}

function heapBytes(): number {
  Bun.gc(true);
  Bun.gc(true);
  return heapStats().heapSize;
}
