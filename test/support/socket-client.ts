import { token } from "./gateway-process.ts";
import { until } from "./until.ts";

export interface Notification {
  readonly method: string;
  readonly params: Record<string, unknown>;
}

export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: Record<string, unknown>;
}

type Reply = { readonly id: number; readonly result?: unknown; readonly error?: RpcError };

/** A JSON-RPC client over a plain WebSocket, as thin as a script that somebody would write. */
export class SocketClient implements AsyncDisposable {
  readonly notifications: Notification[] = [];
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  readonly #listeners = new Set<(notification: Notification) => void>();
  readonly #closed = Promise.withResolvers<{ code: number; reason: string }>();
  #next = 1;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", (event) => this.#take(JSON.parse(String(event.data))));
    socket.addEventListener("close", ({ code, reason }) => this.#closed.resolve({ code, reason }));
  }

  /** Connects; with null for `bearer` no token is sent. */
  static async open(url: string, bearer: string | null = token): Promise<SocketClient> {
    const headers = bearer === null ? {} : { authorization: `Bearer ${bearer}` };
    const socket = new WebSocket(url, { headers });
    const client = new SocketClient(socket);
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener("open", () => resolve());
      socket.addEventListener("error", () => reject(new Error(`could not connect to ${url}`)));
    });
    return client;
  }

  get closed(): Promise<{ code: number; reason: string }> {
    return this.#closed.promise;
  }

  /** Calls a method; rejects with the error object when it is refused. */
  async call<T = Record<string, never>>(method: string, params: unknown = {}): Promise<T> {
    const { result, error } = await this.ask(method, params);
    if (error) throw Object.assign(new Error(`${method}: ${error.message}`), error);
    return result as T;
  }

  ask(method: string, params: unknown = {}): Promise<Reply> {
    const id = this.#next++;
    const answered = new Promise<Reply>((resolve) => this.#waiting.set(id, resolve));
    this.#socket.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
    return answered;
  }

  sendRaw(text: string): void {
    this.#socket.send(text);
  }

  onNotification(listener: (notification: Notification) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Sends a message and waits for the ending of its turn. */
  async chat(
    message: string,
    sessionKey = "main",
  ): Promise<{ runId: string; state: string; text: string; events: Notification[] }> {
    const { runId } = await this.call<{ runId: string }>("chat.send", { sessionKey, message });
    const ending = await until(`the ending of ${runId}`, () =>
      this.notifications.find(
        (n) => n.method === "chat" && n.params["runId"] === runId && n.params["state"] !== "delta",
      ),
    );
    const events = this.notifications.filter((n) => n.params["runId"] === runId);
    return { runId, state: String(ending.params["state"]), text: textOf(ending.params["message"]), events };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    await this.#closed.promise;
  }

  #take(frame: Reply & Notification): void {
    const waiting = this.#waiting.get(frame.id);
    if (waiting) {
      this.#waiting.delete(frame.id);
      return waiting(frame);
    }
    // The server's greeting is for clients of the other dialect.
    if (frame.method === undefined) return;
    this.notifications.push(frame);
    for (const listener of this.#listeners) listener(frame);
  }
}

export function textOf(message: unknown): string {
  const content = (message as { content?: { type: string; text?: string }[] } | undefined)?.content ?? [];
  return content.map((block) => block.text ?? "").join("");
}
