import { CommandFailed } from "../failure.ts";
import type { Target } from "./target.ts";

const handshakeLimitMs = 5_000;

/** An open socket. The token travels as a header, never in the URL. */
export function handshake(target: Target, signal: AbortSignal): Promise<WebSocket> {
  const { url, token } = target;
  const limit = AbortSignal.any([signal, AbortSignal.timeout(handshakeLimitMs)]);
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(asError(signal.reason));
    const headers = token ? { Authorization: `Bearer ${token.reveal()}` } : {};
    const socket = new WebSocket(url, { headers });
    const events = new AbortController();
    const giveUp = (error: Error) => {
      events.abort();
      socket.terminate();
      reject(error);
    };
    const { signal: until } = events;
    socket.addEventListener(
      "open",
      () => {
        events.abort();
        resolve(socket);
      },
      { signal: until },
    );
    socket.addEventListener("error", (event) => giveUp(diagnose(target, event)), { signal: until });
    socket.addEventListener("close", () => giveUp(noAnswer(target)), { signal: until });
    limit.addEventListener("abort", () => giveUp(signal.aborted ? asError(signal.reason) : noAnswer(target)), {
      signal: until,
    });
  });
}

/** What is there instead. Bun tells the HTTP status of a refused upgrade in the error's message alone. */
function diagnose(target: Target, event: Event): CommandFailed {
  const told = "message" in event && typeof event.message === "string" ? event.message : "";
  const status = /status code: (\d{3})/.exec(told)?.[1];
  if (status === undefined) return noAnswer(target, told);
  const { href } = target.url;
  const known: Readonly<Record<string, { type: string; message: string; advice: string }>> = {
    "401": {
      type: "unauthorized",
      message: target.token
        ? `The gateway at ${href} does not know this token.`
        : `The gateway at ${href} asks for a token.`,
      advice: "Give the right one with --token-file.",
    },
    "403": {
      type: "forbidden",
      message: `The gateway at ${href} does not let this client in.`,
      advice: "Its gateway.allowedHosts must contain the name that it is called by.",
    },
    "429": {
      type: "lockedOut",
      message: `The gateway at ${href} saw too many wrong tokens from here.`,
      advice: "Wait a minute, then give the right one with --token-file.",
    },
    "503": {
      type: "shuttingDown",
      message: `The gateway at ${href} takes no connections now.`,
      advice: "Try again in a moment.",
    },
  };
  const failure = known[status] ?? {
    type: "noGateway",
    message: `Something answers at ${href}, but not as a gateway does (HTTP ${status}).`,
    advice: "Check the port, or give the right address with --url.",
  };
  return new CommandFailed(failure);
}

function noAnswer({ url }: Target, told?: string): CommandFailed {
  return new CommandFailed({
    type: "noGateway",
    message: `No gateway answers at ${url.href} — start one with \`openclaw gateway run\`.`,
    ...(told ? { cause: new Error(told) } : {}),
  });
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error("cancelled", { cause: reason });
}
