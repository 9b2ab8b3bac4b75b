import {
  GatewayDispatchEvents,
  GatewayOpcodes,
  type GatewayIdentifyData,
  type GatewayResumeData,
  type GatewaySendPayload,
} from "discord-api-types/v10";
import type { Server, ServerWebSocket } from "bun";
import type { Guild } from "./guild.ts";

type Socket = ServerWebSocket;

interface Sent {
  readonly s: number;
  readonly t: string;
  readonly d: unknown;
}

interface Session {
  readonly id: string;
  readonly sent: Sent[];
  socket: Socket | undefined;
}

/** The gateway socket: sessions that are played again from a number on, heartbeats, and everything that goes wrong there. */
export class FakeGateway {
  readonly identified: GatewayIdentifyData[] = [];
  readonly resumed: GatewayResumeData[] = [];
  readonly beats: (number | null)[] = [];
  readonly closes: number[] = [];
  heartbeatMs = 41_250;
  /** Heartbeats are not answered. */
  isDeaf = false;
  /** Whoever identifies is sent away with this. */
  closeCode: number | undefined;
  readonly #guild: Guild;
  readonly #token: string;
  readonly #server: Server<undefined>;
  readonly #open = new Set<Socket>();
  readonly #toHappen: (() => void)[] = [];
  #session: Session | undefined;

  constructor(guild: Guild, token: string) {
    this.#guild = guild;
    this.#token = token;
    this.#server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: (request, server) =>
        server.upgrade(request, { data: undefined }) ? undefined : new Response("", { status: 426 }),
      websocket: {
        open: (socket) => {
          this.#open.add(socket);
          this.#say(socket, { op: GatewayOpcodes.Hello, d: { heartbeat_interval: this.heartbeatMs } });
        },
        message: (socket, text) => this.#read(socket, JSON.parse(String(text)) as GatewaySendPayload),
        close: (socket, code) => {
          this.closes.push(code);
          this.#open.delete(socket);
          if (this.#session?.socket === socket) this.#session.socket = undefined;
          // Discord forgets the session of whoever leaves in peace.
          if (code === 1_000 || code === 1_001) this.#session = undefined;
        },
      },
    });
  }

  get url(): string {
    return `ws://127.0.0.1:${this.#server.port}`;
  }

  /** How many events the session would play again to somebody who resumes from the last heartbeat. */
  get unacknowledged(): number {
    return (this.#session?.sent ?? []).filter(({ s, t }) => s > (this.beats.at(-1) ?? 0) && t === "MESSAGE_CREATE")
      .length;
  }

  /** The number of the last event. */
  get sequence(): number {
    return this.#session?.sent.length ?? 0;
  }

  /** How many sockets are open. */
  get open(): number {
    return this.#open.size;
  }

  get isConnected(): boolean {
    return this.#session?.socket !== undefined;
  }

  dispatch(t: string, d: unknown): void {
    const session = this.#session;
    if (!session) return;
    const event = { s: session.sent.length + 1, t, d };
    session.sent.push(event);
    if (session.socket) this.#say(session.socket, { op: GatewayOpcodes.Dispatch, ...event });
  }

  /** At once, or when somebody identifies for the first time: what happens before is in no session. */
  whenKnown(happen: () => void): void {
    if (this.#session) happen();
    else this.#toHappen.push(happen);
  }

  /** The line is cut. */
  drop(): void {
    for (const socket of this.#open) socket.terminate();
  }

  close(code: number): void {
    for (const socket of this.#open) socket.close(code);
  }

  /** Op 1: the number of the last event that they have is wanted now. */
  askForHeartbeat(): void {
    for (const socket of this.#open) this.#say(socket, { op: GatewayOpcodes.Heartbeat, d: null });
  }

  /** Op 7. */
  askToReconnect(): void {
    for (const socket of this.#open) this.#say(socket, { op: GatewayOpcodes.Reconnect, d: null });
  }

  /** What went on in the session is gone; who resumes is told so by op 9. */
  forgetSession(): void {
    this.#session = undefined;
  }

  async stop(): Promise<void> {
    this.drop();
    await this.#server.stop(true);
  }

  #read(socket: Socket, payload: GatewaySendPayload): void {
    if (payload.op === GatewayOpcodes.Heartbeat) {
      this.beats.push(payload.d);
      if (!this.isDeaf) this.#say(socket, { op: GatewayOpcodes.HeartbeatAck });
    }
    if (payload.op === GatewayOpcodes.Identify) this.#identify(socket, payload.d);
    if (payload.op === GatewayOpcodes.Resume) this.#resume(socket, payload.d);
  }

  #identify(socket: Socket, data: GatewayIdentifyData): void {
    this.identified.push(data);
    if (this.closeCode !== undefined) return socket.close(this.closeCode);
    if (data.token !== this.#token) return socket.close(4_004);
    this.#session = { id: crypto.randomUUID(), sent: [], socket };
    this.dispatch(GatewayDispatchEvents.Ready, {
      v: 10,
      user: this.#guild.bot,
      guilds: [{ id: this.#guild.id, unavailable: true }],
      session_id: this.#session.id,
      resume_gateway_url: this.url,
      application: { id: this.#guild.application, flags: 0 },
    });
    for (const happen of this.#toHappen.splice(0)) happen();
  }

  #resume(socket: Socket, data: GatewayResumeData): void {
    this.resumed.push(data);
    const session = this.#session;
    if (session?.id !== data.session_id || data.token !== this.#token) {
      return this.#say(socket, { op: GatewayOpcodes.InvalidSession, d: false });
    }
    session.socket = socket;
    for (const event of session.sent.filter(({ s }) => s > data.seq)) {
      this.#say(socket, { op: GatewayOpcodes.Dispatch, ...event });
    }
    this.dispatch(GatewayDispatchEvents.Resumed, { _trace: [] });
  }

  #say(socket: Socket, payload: object): void {
    socket.send(JSON.stringify({ d: null, s: null, t: null, ...payload }));
  }
}
