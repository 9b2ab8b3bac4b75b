import type { Rpc } from "#rpc";
import { HeldSocket, peer, type PeerOptions, rightToken } from "./rpc-house.ts";
import { until } from "./until.ts";

export interface OpenClawFrame {
  readonly type: string;
  readonly id?: unknown;
  readonly ok?: boolean;
  readonly event?: string;
  readonly seq?: number;
  readonly stateVersion?: Record<string, number>;
  readonly payload?: Record<string, unknown>;
  readonly error?: {
    readonly code: string;
    readonly message: string;
    readonly details?: Record<string, unknown>;
    readonly retryable?: boolean;
    readonly retryAfterMs?: number;
  };
}

/** A client of the OpenClaw dialect on a held socket. */
export class OpenClawSocket {
  readonly socket = new HeldSocket();
  readonly line: ReturnType<Rpc["open"]>;

  constructor(rpc: Rpc, from: PeerOptions = {}) {
    this.line = rpc.open(this.socket, peer(from));
  }

  /** One that has said hello, with these scopes. */
  static async connected(rpc: Rpc, scopes: readonly string[] = ["operator.admin"], caps: readonly string[] = []) {
    const client = new OpenClawSocket(rpc);
    client.connect({ scopes, caps });
    await client.answer("0");
    return client;
  }

  get challenge(): { readonly nonce: string; readonly ts: number } {
    return (JSON.parse(this.socket.challenge) as { payload: { nonce: string; ts: number } }).payload;
  }

  get frames(): OpenClawFrame[] {
    return this.socket.texts.map((text) => JSON.parse(text) as OpenClawFrame);
  }

  events(name: string): OpenClawFrame[] {
    return this.frames.filter((frame) => frame.event === name);
  }

  send(id: unknown, method: string, params?: unknown): void {
    this.line.receive(JSON.stringify({ type: "req", id, method, params }));
  }

  connect(change: Record<string, unknown> = {}): void {
    this.send("0", "connect", connectParams(change));
  }

  /** The first answer to that id, or the last of several. */
  answer(id: unknown, which: 0 | -1 = 0): Promise<OpenClawFrame> {
    return until(`the answer to ${String(id)}`, () =>
      this.frames.filter((frame) => frame.type === "res" && frame.id === id).at(which),
    );
  }

  async ask(method: string, params?: unknown): Promise<OpenClawFrame> {
    const id = crypto.randomUUID();
    this.send(id, method, params);
    return this.answer(id);
  }
}

/** What a program on this machine connects with. */
export function connectParams(change: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    minProtocol: 4,
    maxProtocol: 4,
    client: { id: "gateway-client", mode: "backend", version: "1", platform: "linux" },
    auth: { token: rightToken },
    ...change,
  };
}
