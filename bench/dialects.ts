import { connectParams } from "../test/support/openclaw-socket.ts";
import { token } from "../test/support/gateway-process.ts";
import { SocketClient } from "../test/support/socket-client.ts";

/** A client of either dialect that came in by the same steps: a socket without a token, then `connect`. */
export interface Caller extends AsyncDisposable {
  call(method: string): Promise<unknown>;
}

export type DialectName = "JSON-RPC" | "OpenClaw";

/** What both say of themselves. */
export const claim = { client: { id: "gateway-client", version: "1" }, scopes: ["operator.read"] };

export const dialects: Readonly<Record<DialectName, (socketUrl: string) => Promise<Caller>>> = {
  "JSON-RPC": async (socketUrl) => {
    const client = await SocketClient.open(socketUrl, null);
    await client.call("connect", { auth: { token }, ...claim });
    return client;
  },
  OpenClaw: (socketUrl) => OpenClawCaller.open(socketUrl),
};

interface Frame {
  readonly type: string;
  readonly id?: string;
  readonly ok?: boolean;
}

class OpenClawCaller implements Caller {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<string, (frame: Frame) => void>();
  #next = 1;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      const frame = JSON.parse(String(data)) as Frame;
      if (frame.type !== "res" || frame.id === undefined) return;
      this.#waiting.get(frame.id)?.(frame);
      this.#waiting.delete(frame.id);
    });
  }

  static async open(socketUrl: string): Promise<OpenClawCaller> {
    const socket = new WebSocket(socketUrl);
    const client = new OpenClawCaller(socket);
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener("open", () => resolve());
      socket.addEventListener("error", () => reject(new Error(`could not connect to ${socketUrl}`)));
    });
    await client.call("connect", connectParams({ auth: { token }, scopes: claim.scopes }));
    return client;
  }

  async call(method: string, params: unknown = {}): Promise<void> {
    const id = String(this.#next++);
    const answered = new Promise<Frame>((resolve) => this.#waiting.set(id, resolve));
    this.#socket.send(JSON.stringify({ type: "req", id, method, params }));
    if (!(await answered).ok) throw new Error(`${method} was refused`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#socket.addEventListener("close", resolve));
    this.#socket.close();
    await closed;
  }
}
