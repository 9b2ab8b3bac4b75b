import type { ServerWebSocket } from "bun";

export interface Relay extends AsyncDisposable {
  readonly url: string;
  /** What the server said, in order, over all connections. */
  readonly said: string[];
}

/** Stands between a client and a server, passes on every frame and every close, and remembers what the server said. */
export function startRelay(upstream: string): Relay {
  const said: string[] = [];
  type Line = { upstream?: WebSocket; waiting: string[] };
  const server = Bun.serve<Line>({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request, at) =>
      at.upgrade(request, { data: { waiting: [] } }) ? undefined : new Response(null, { status: 426 }),
    websocket: {
      open(client: ServerWebSocket<Line>) {
        const socket = new WebSocket(upstream);
        client.data.upstream = socket;
        socket.addEventListener("open", () => {
          for (const text of client.data.waiting.splice(0)) socket.send(text);
        });
        socket.addEventListener("message", ({ data }) => {
          said.push(String(data));
          client.send(String(data));
        });
        // 1006 says that there was no close frame, and must not be sent in one.
        socket.addEventListener("close", ({ code, reason }) => client.close(code === 1006 ? 1011 : code, reason));
      },
      message(client, text) {
        const { upstream: socket, waiting } = client.data;
        if (socket?.readyState === WebSocket.OPEN) socket.send(String(text));
        else waiting.push(String(text));
      },
      close(client) {
        client.data.upstream?.close();
      },
    },
  });
  return { url: `ws://127.0.0.1:${server.port}`, said, [Symbol.asyncDispose]: () => server.stop(true) };
}
