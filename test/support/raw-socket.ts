import { connect, type Socket } from "node:net";
import { until } from "./until.ts";

/** How a connection ended: with a close frame, or without one. */
export type Ending = { readonly code: number; readonly reason: string } | "cut";

export interface RawFrame {
  readonly opcode?: number;
  readonly payload?: string | Uint8Array;
  /** False for every part but the last of a fragmented message. */
  readonly isLast?: boolean;
  /** The reserved bits, of which RFC 6455 says that they are 0. */
  readonly reserved?: number;
  readonly isMasked?: boolean;
}

export const opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/**
 * A WebSocket client (RFC 6455) made of bytes: for frames that no library would send, and for a reader that stops reading.
 */
export class RawSocket implements AsyncDisposable {
  /** The texts that came in, oldest first. */
  readonly texts: string[] = [];
  readonly ended: Promise<Ending>;
  receivedBytes = 0;
  readonly #socket: Socket;
  #unread: Buffer = Buffer.alloc(0);
  #ending: Ending | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    const { promise, resolve } = Promise.withResolvers<Ending>();
    this.ended = promise;
    socket.on("error", () => socket.destroy());
    socket.on("close", () => resolve((this.#ending ??= "cut")));
  }

  /** Connects and upgrades; rejects with the status line when that is refused. */
  static async open(port: number, headers: Readonly<Record<string, string>> = {}): Promise<RawSocket> {
    const socket = connect(port, "127.0.0.1");
    const client = new RawSocket(socket);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let head = Buffer.alloc(0);
    const readHead = (chunk: Buffer) => {
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf("\r\n\r\n");
      if (end < 0) return;
      socket.off("data", readHead);
      const [status = ""] = head.toString("latin1").split("\r\n");
      if (!status.startsWith("HTTP/1.1 101")) return reject(new Error(status));
      socket.on("data", (more: Buffer) => client.#take(more));
      client.#take(head.subarray(end + 4));
      resolve();
    };
    socket.on("data", readHead);
    socket.on("close", () => reject(new Error(`cut before the upgrade: ${head.toString("latin1")}`)));
    const lines = Object.entries({ ...upgradeHeaders, ...headers }).map(([name, value]) => `${name}: ${value}`);
    socket.write(`GET /ws HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
    await promise;
    return client;
  }

  get hasEnded(): boolean {
    return this.#ending !== undefined;
  }

  text(payload: string | Uint8Array): Promise<void> {
    return this.write(encodeFrame({ payload }));
  }

  frame(frame: RawFrame): Promise<void> {
    return this.write(encodeFrame(frame));
  }

  /** Sends these bytes; resolves when the system has taken them, or the connection has ended. */
  async write(bytes: Uint8Array): Promise<void> {
    if (this.#socket.destroyed) return;
    const taken = new Promise<void>((resolve) => this.#socket.write(bytes, () => resolve()));
    await Promise.race([taken, this.ended]);
  }

  /** The next text that `fits`, from the `from`th on. */
  next(what: string, fits: (text: string) => boolean, from = 0): Promise<string> {
    return until(what, () => this.texts.slice(from).find(fits));
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.resume();
    this.#socket.destroy();
    await this.ended;
  }

  #take(chunk: Buffer): void {
    this.receivedBytes += chunk.length;
    this.#unread = this.#unread.length === 0 ? chunk : Buffer.concat([this.#unread, chunk]);
    for (let frame = decodeFrame(this.#unread); frame; frame = decodeFrame(this.#unread)) {
      this.#unread = this.#unread.subarray(frame.length);
      if (frame.opcode === opcode.text) this.texts.push(frame.payload.toString());
      if (frame.opcode === opcode.ping) void this.frame({ opcode: opcode.pong, payload: frame.payload });
      if (frame.opcode === opcode.close) this.#ending ??= endingOf(frame.payload);
    }
  }
}

const upgradeHeaders = {
  Host: "localhost",
  Connection: "Upgrade",
  Upgrade: "websocket",
  "Sec-WebSocket-Version": "13",
  "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
};

/** The bytes of one frame. The mask is all zeroes, which the standard allows and which leaves the payload readable. */
export function encodeFrame(frame: RawFrame): Buffer {
  const { payload = "", isLast = true, reserved = 0, isMasked = true } = frame;
  const bytes = typeof payload === "string" ? Buffer.from(payload) : payload;
  const first = (isLast ? 0x80 : 0) | (reserved << 4) | (frame.opcode ?? opcode.text);
  const mask = isMasked ? 0x80 : 0;
  const parts = [Buffer.from([first]), encodeLength(bytes.length, mask), Buffer.alloc(isMasked ? 4 : 0), bytes];
  return Buffer.concat(parts);
}

function encodeLength(length: number, mask: number): Buffer {
  if (length < 126) return Buffer.from([mask | length]);
  if (length < 65_536) return Buffer.from([mask | 126, length >> 8, length & 255]);
  const long = Buffer.alloc(9);
  long[0] = mask | 127;
  long.writeBigUInt64BE(BigInt(length), 1);
  return long;
}

interface Decoded {
  readonly opcode: number;
  readonly payload: Buffer;
  /** Of the whole frame, in bytes. */
  readonly length: number;
}

/** The first frame, when all of it is there. A server does not mask, and ours does not fragment. */
function decodeFrame(bytes: Buffer): Decoded | undefined {
  if (bytes.length < 2) return undefined;
  const short = (bytes[1] ?? 0) & 127;
  const start = { 126: 4, 127: 10 }[short] ?? 2;
  if (bytes.length < start) return undefined;
  const long = start === 4 ? bytes.readUInt16BE(2) : start === 10 ? Number(bytes.readBigUInt64BE(2)) : short;
  if (bytes.length < start + long) return undefined;
  return { opcode: (bytes[0] ?? 0) & 15, payload: bytes.subarray(start, start + long), length: start + long };
}

function endingOf(payload: Buffer): Ending {
  if (payload.length < 2) return { code: 1005, reason: "" };
  return { code: payload.readUInt16BE(0), reason: payload.toString("utf8", 2) };
}
