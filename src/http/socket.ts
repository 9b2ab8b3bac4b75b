import { type Log, newId } from "#base";
import { Fault } from "#protocol";
import type { Line, Peer, Rpc, Socket } from "#rpc";
import type { ServerWebSocket, WebSocketHandler } from "bun";

/** What a socket carries: who is coming, and once it is open nothing but the line. */
export type SocketData = { readonly peer: Peer } | { readonly line: Line | undefined };

/** Above this much waiting output a reader is too slow and is cut; RPC skips what may be skipped long before. */
const mostBufferedBytes = 1024 * 1024;

/** A little more than the largest frame RPC takes, so that one that is a little too large is answered; it is also what one stranger can make us hold. */
const mostFrameBytes = 1024 * 1024 + 64 * 1024;

/** The runtime pings within this time, so a peer that is gone is noticed within it. */
const idleSeconds = 60;

export function socketHandler(rpc: Rpc, log: Log): WebSocketHandler<SocketData> {
  return {
    maxPayloadLength: mostFrameBytes,
    backpressureLimit: mostBufferedBytes,
    closeOnBackpressureLimit: true,
    idleTimeout: idleSeconds,
    sendPings: true,
    perMessageDeflate: false,
    open(ws) {
      if (!("peer" in ws.data)) return;
      const { peer } = ws.data;
      ws.data = { line: undefined };
      ws.data = { line: openLine({ rpc, log, ws, peer }) };
    },
    message(ws, frame) {
      lineOf(ws)?.receive(frame);
    },
    drain(ws) {
      lineOf(ws)?.drained();
    },
    close(ws) {
      lineOf(ws)?.closed();
    },
  };
}

function lineOf(ws: ServerWebSocket<SocketData>): Line | undefined {
  return "line" in ws.data ? ws.data.line : undefined;
}

/** The credential was checked before the upgrade. */
function openLine(arrival: {
  readonly rpc: Rpc;
  readonly log: Log;
  readonly ws: ServerWebSocket<SocketData>;
  readonly peer: Peer;
}): Line | undefined {
  const { rpc, log, ws, peer } = arrival;
  const socket = new BunSocket(ws);
  try {
    return rpc.open(socket, peer);
  } catch (error) {
    if (error instanceof Fault) {
      socket.close(error.isRetryable ? tryAgainLater : policyViolation, error.message);
      return undefined;
    }
    const incident = newId();
    log.error("a socket could not be opened", { incident, error });
    socket.close(internalError, `incident ${incident}`);
    return undefined;
  }
}

/** Close codes of RFC 6455, section 7.4.1, and IANA's registry beyond it. */
const policyViolation = 1008;
const internalError = 1011;
const tryAgainLater = 1013;

/** A class, because there is one for each of ten thousand connections. */
class BunSocket implements Socket {
  readonly #ws: ServerWebSocket<SocketData>;

  constructor(ws: ServerWebSocket<SocketData>) {
    this.#ws = ws;
  }

  send(text: string): number {
    return this.#ws.send(text);
  }

  bufferedBytes(): number {
    return this.#ws.getBufferedAmount();
  }

  close(code: number, reason: string): void {
    this.#ws.close(code, clipBytes(reason, longestReason));
  }
}

/** What a close frame holds beside its code (RFC 6455, section 5.5). */
const longestReason = 123;

function clipBytes(text: string, most: number): string {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(most));
  return text.slice(0, read);
}
