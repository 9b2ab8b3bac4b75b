import type { ServerWebSocket } from "bun";

/** One turn as a test drives it. What it says before the turn's function returns goes out before the answer to `chat.send`. */
export interface FakeTurn {
  readonly runId: string;
  readonly sessionKey: string;
  readonly message: string;
  /** Resolves when the client asks to stop it. */
  readonly aborted: Promise<void>;
  notify(method: string, params: object): void;
  delta(text: string): void;
  tool(tool: string, params: unknown, outcome: { readonly success: boolean }): void;
  end(state: "final" | "aborted" | "error", more: { readonly text?: string; readonly errorMessage?: string }): void;
}

export interface FakeGatewayOptions {
  readonly token?: string;
  readonly methods?: Readonly<Record<string, (params: never) => unknown>>;
  readonly turn?: (turn: FakeTurn) => void;
  /** The HTTP status of every upgrade. */
  readonly refuse?: number;
}

export interface FakeGateway extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  readonly calls: readonly { readonly method: string; readonly params: unknown }[];
  readonly requests: readonly { readonly url: string; readonly authorization: string | null }[];
  /** Closes every connection as a stopping gateway does. */
  drop(code: number, reason: string): void;
}

/** A gateway's side of the wire, on a real socket: JSON-RPC 2.0 with `chat.send` and its notifications. */
export function startFakeGateway(options: FakeGatewayOptions = {}): FakeGateway {
  const calls: { method: string; params: unknown }[] = [];
  const requests: { url: string; authorization: string | null }[] = [];
  const sockets = new Set<ServerWebSocket>();
  const turns = new Map<string, () => void>();
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request, self) {
      const authorization = request.headers.get("authorization");
      requests.push({ url: request.url, authorization });
      if (options.refuse) return new Response("no", { status: options.refuse });
      if (new URL(request.url).pathname !== "/ws") return new Response("not here", { status: 404 });
      if (options.token && authorization !== `Bearer ${options.token}`) return new Response("no", { status: 401 });
      return self.upgrade(request) ? undefined : new Response("upgrade needed", { status: 426 });
    },
    websocket: {
      open(socket) {
        sockets.add(socket);
        // The greeting for clients of the other dialect, which those of this one have to pass over.
        const payload = { nonce: crypto.randomUUID(), ts: Date.now() };
        socket.send(JSON.stringify({ type: "event", event: "connect.challenge", payload }));
      },
      close: (socket) => void sockets.delete(socket),
      message(socket, frame) {
        const { id, method, params }: { id: number; method: string; params: never } = JSON.parse(String(frame));
        calls.push({ method, params });
        try {
          const result = answer(socket, method, params);
          if (result !== silence) socket.send(JSON.stringify({ jsonrpc: "2.0", id, result }));
        } catch (error) {
          if (!(error instanceof FakeRefusal)) throw error;
          const { code, message } = error;
          socket.send(JSON.stringify({ jsonrpc: "2.0", id, error: { code, message } }));
        }
      },
    },
  });

  function answer(socket: ServerWebSocket, method: string, params: never): unknown {
    const handler = options.methods?.[method];
    if (handler) return handler(params);
    if (method === "chat.send" && options.turn) return startTurn(socket, params, options.turn);
    if (method === "chat.abort") {
      const { runId } = params as { runId: string };
      turns.get(runId)?.();
      return { runIds: [runId] };
    }
    throw new FakeRefusal(-32601, `There is no method “${method}”.`);
  }

  function startTurn(
    socket: ServerWebSocket,
    params: { sessionKey: string; message: string; idempotencyKey: string },
    run: (turn: FakeTurn) => void,
  ): unknown {
    const { sessionKey, message, idempotencyKey: runId } = params;
    const { promise: aborted, resolve } = Promise.withResolvers<void>();
    turns.set(runId, resolve);
    const about = { sessionKey: `agent:main:${sessionKey}`, runId };
    let seq = 0;
    const notify = (name: string, more: object) =>
      void socket.send(JSON.stringify({ jsonrpc: "2.0", method: name, params: { seq: ++seq, ...about, ...more } }));
    run({
      ...about,
      message,
      aborted,
      notify,
      delta: (deltaText) => notify("chat", { state: "delta", deltaText }),
      tool(tool, toolParams, { success }) {
        notify("agent.tool.start", { callId: "c1", tool, params: toolParams });
        notify("agent.tool.result", { callId: "c1", tool, success, result: "…", durationMs: 12 });
      },
      end: (state, { text, errorMessage }) =>
        notify("chat", {
          state,
          ...(text === undefined ? {} : { message: { role: "assistant", content: [{ type: "text", text }] } }),
          ...(errorMessage === undefined ? {} : { errorMessage }),
        }),
    });
    return { runId, status: "running" };
  }

  return {
    port: server.port ?? 0,
    url: `ws://127.0.0.1:${server.port}/ws`,
    calls,
    requests,
    drop(code, reason) {
      for (const socket of sockets) socket.close(code, reason);
    },
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}

/** What a method may return to give no answer at all. */
export const silence = Symbol("silence");

/** What a method may throw: a JSON-RPC error. */
export class FakeRefusal extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}
