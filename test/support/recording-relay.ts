import type { ServerWebSocket } from "bun";

export interface Relay extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** What the server said, in order, over all connections. */
  readonly said: string[];
  /** What the clients said, likewise. */
  readonly asked: string[];
}

/**
 * Stands between clients and a server, passes on every frame, every close and every plain request, and remembers the frames.
 * What decides who may connect, the page that a client comes from, is passed on too.
 */
export function startRelay(
  upstream: string,
  options: {
    readonly port?: number;
    /** Answers a plain request in the server's place, as a reverse proxy with pages of its own does. */
    readonly pages?: (request: Request) => Promise<Response | undefined>;
  } = {},
): Relay {
  const said: string[] = [];
  const asked: string[] = [];
  type Line = { upstream?: WebSocket; readonly headers: Record<string, string>; waiting: string[] };
  const server = Bun.serve<Line>({
    port: options.port ?? 0,
    hostname: "127.0.0.1",
    async fetch(request, at) {
      const origin = request.headers.get("origin");
      const headers: Record<string, string> = origin === null ? {} : { origin };
      if (at.upgrade(request, { data: { headers, waiting: [] } })) return undefined;
      return (await options.pages?.(request)) ?? passOn(request, upstream);
    },
    websocket: {
      open(client: ServerWebSocket<Line>) {
        const socket = new WebSocket(upstream, { headers: client.data.headers });
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
        asked.push(String(text));
        const { upstream: socket, waiting } = client.data;
        if (socket?.readyState === WebSocket.OPEN) socket.send(String(text));
        else waiting.push(String(text));
      },
      close(client) {
        client.data.upstream?.close();
      },
    },
  });
  const port = Number(server.port);
  return { url: `ws://127.0.0.1:${port}`, port, said, asked, [Symbol.asyncDispose]: () => server.stop(true) };
}

function passOn(request: Request, upstream: string): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const headers = new Headers(request.headers);
  headers.delete("host");
  const { method, body } = request;
  return fetch(new URL(pathname + search, upstream.replace(/^ws/, "http")), { method, headers, body });
}
