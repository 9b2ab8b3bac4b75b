import { connectProblems } from "./openclaw-schema.ts";
import type { DeviceKey } from "./device-key.ts";
import type { OpenClawFrame } from "./openclaw-socket.ts";
import { until } from "./until.ts";

export interface Auth {
  readonly token?: string;
  readonly password?: string;
  readonly deviceToken?: string;
  readonly bootstrapToken?: string;
}

export interface Connecting {
  readonly auth?: Auth;
  readonly scopes?: readonly string[];
  readonly role?: "operator" | "node";
  readonly device?: DeviceKey;
  readonly client?: { readonly id: string; readonly mode: string; readonly platform?: string };
  readonly caps?: readonly string[];
  readonly commands?: readonly string[];
  readonly minProtocol?: number;
  readonly maxProtocol?: number;
  /** Signs another challenge than that of the socket. */
  readonly nonce?: string;
}

const tui = { id: "openclaw-tui", mode: "ui" };
const program = { id: "gateway-client", mode: "backend" };

/** The OpenClaw dialect over a real socket, as somebody writes it who may do as he likes. Its connects fit the official schema. */
export class WireClient implements Disposable {
  readonly frames: OpenClawFrame[] = [];
  readonly texts: string[] = [];
  closed: { readonly code: number; readonly reason: string } | undefined;
  readonly #socket: WebSocket;
  readonly #hasToken: boolean;

  constructor(url: URL, headers: Record<string, string> = {}) {
    this.#socket = new WebSocket(new URL("/ws", url).href.replace(/^http/, "ws"), { headers });
    this.#hasToken = "authorization" in headers;
    this.#socket.addEventListener("message", ({ data }) => {
      this.texts.push(String(data));
      this.frames.push(JSON.parse(String(data)) as OpenClawFrame);
    });
    this.#socket.addEventListener("close", ({ code, reason }) => (this.closed = { code, reason }));
  }

  /** Answers the challenge; the answer to that is returned, whichever it is. */
  async connect(connecting: Connecting = {}): Promise<OpenClawFrame> {
    const { nonce, ts } = await this.#challenge();
    const params = connectFrame(connecting, { nonce, ts });
    const problems = connectProblems(params);
    if (problems.length > 0) throw new Error(problems.join("\n"));
    return this.ask("connect", params);
  }

  /** Resolves with the challenge's nonce. */
  async connected(): Promise<string> {
    return (await this.#challenge()).nonce;
  }

  async #challenge(): Promise<{ readonly nonce: string; readonly ts: number }> {
    // Who brings a token with the upgrade is not challenged.
    const isOpen = () => this.#socket.readyState === WebSocket.OPEN && { payload: { nonce: "none", ts: 0 } };
    const first = () => this.events("connect.challenge")[0] ?? this.closed ?? (this.#hasToken && isOpen());
    const challenge = await until("the challenge", first);
    if ("code" in challenge) throw new Error(`closed before the challenge: ${challenge.reason}`);
    return challenge.payload as { nonce: string; ts: number };
  }

  async ask(method: string, params?: unknown): Promise<OpenClawFrame> {
    const id = crypto.randomUUID();
    this.#socket.send(JSON.stringify({ type: "req", id, method, params }));
    return until(`the answer to ${method}`, () => this.frames.find((frame) => frame.id === id));
  }

  events(name: string): OpenClawFrame[] {
    return this.frames.filter((frame) => frame.event === name);
  }

  close(): Promise<{ readonly code: number; readonly reason: string }> {
    return until("the close", () => this.closed);
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}

function connectFrame(connecting: Connecting, { nonce, ts }: { nonce: string; ts: number }): Record<string, unknown> {
  const { auth, scopes = ["operator.read"], role = "operator", device, minProtocol = 4, maxProtocol = 4 } = connecting;
  const client = { version: "1", platform: "linux", ...(connecting.client ?? (device ? tui : program)) };
  const signedNonce = connecting.nonce ?? nonce;
  const token = auth?.token ?? auth?.deviceToken ?? auth?.bootstrapToken ?? "";
  const text = [client.id, client.mode, role, scopes.join(","), ts, token, signedNonce, client.platform, ""];
  return {
    minProtocol,
    maxProtocol,
    client,
    role,
    scopes,
    ...(auth && { auth }),
    ...(connecting.caps && { caps: connecting.caps }),
    ...(connecting.commands && { commands: connecting.commands }),
    ...(device && {
      device: {
        id: device.id,
        publicKey: device.publicKey,
        signature: device.sign(["v3", device.id, ...text].join("|")),
        signedAt: ts,
        nonce: signedNonce,
      },
    }),
  };
}
