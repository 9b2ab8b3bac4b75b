import { type Clock, lazily, type Log, newId, pause, systemClock } from "#base";
import { Fault, fault } from "#protocol";
import type { Caller, Rpc } from "#rpc";
import type { Health } from "#telemetry";
import type { Interfaces } from "./bind.ts";
import { checkListening, readInterfaces } from "./check-listening.ts";
import { openTrustedProxies } from "./client-address.ts";
import { readCredential } from "./credential.ts";
import { watchDescriptors } from "./descriptors.ts";
import { type Admitted, createGuards } from "./guards.ts";
import { createReadIdentity } from "./identity.ts";
import { answerProbe, isProbe } from "./probes.ts";
import { createRefusalLog } from "./refusal-log.ts";
import { type Refusal, refuse, refuseFault, refuseInternal } from "./refusal.ts";
import { answerPreflight, dress, isPreflight, lastAnswer } from "./response-headers.ts";
import type { GatewaySettings } from "./settings.ts";
import { isWebhook } from "./webhook-path.ts";
import type { WebhooksOptions } from "./webhooks.ts";
import { type SocketData, socketHandler } from "./socket.ts";

export interface ServerOptions {
  readonly settings: GatewaySettings;
  readonly rpc: Rpc;
  readonly health: Health;
  readonly version: string;
  readonly log: Log;
  /** Who takes what platforms bring; without it, nobody does. */
  readonly webhooks?: Omit<WebhooksOptions, "clock" | "log">;
  /** What the start still waits for; undefined when it is over. Until then the readiness and start-up probes say so. */
  readonly pending?: () => string | undefined;
  readonly clock?: Clock;
  readonly interfaces?: () => Interfaces;
}

export interface Server extends AsyncDisposable {
  readonly url: URL;
  readonly port: number;
  readonly hostname: string;
  /** Takes nothing new, waits at most `graceMs` for the answers under way, then closes every socket with 1001. */
  stop(graceMs: number): Promise<void>;
}

/** Listens. Throws `configInvalid` for settings that must not be listened with, `cannotListen` when the system refuses. */
export async function openServer(options: ServerOptions): Promise<Server> {
  const { settings, rpc, log, version, clock = systemClock } = options;
  const interfaces = options.interfaces ?? readInterfaces;
  const listening = checkListening(settings, interfaces);
  if (!listening.ok) throw fault.configInvalid({ problem: `${listening.because}.` });
  if (listening.warning !== undefined) log.warn(listening.warning);
  const { hostname } = listening.bind;
  const startedAt = clock.elapsed();
  const state = { isStopping: false };
  const isTrustedProxy = await openTrustedProxies(settings.trustedProxies);
  const readIdentity = createReadIdentity(settings.auth, isTrustedProxy);
  const admit = createGuards({ ...settings, isTrustedProxy, readIdentity, hostname, interfaces });
  const noteRefusal = createRefusalLog(log, clock);
  const areDescriptorsScarce = watchDescriptors();
  const probeOptions = {
    health: options.health,
    version,
    pending: () => (state.isStopping ? "stopping" : options.pending?.()),
    uptimeMs: () => Math.round(clock.elapsed() - startedAt),
  };
  // Most processes that look at the port ask a probe or open a socket; Elysia is loaded for the first that wants more.
  const app = lazily(async () => {
    const { createApp } = await import("./app.ts");
    return createApp({ rpc, version, log, keepOpen: (request) => server.timeout(request, 0) });
  });
  const webhooks = lazily(async () => {
    const { createWebhooks } = await import("./webhooks.ts");
    return createWebhooks({ find: () => undefined, ...options.webhooks, log, clock });
  });

  const enter = async (arrival: Admitted): Promise<Response | undefined> => {
    if (isProbe(arrival.path)) return answerProbe(arrival, probeOptions, await callerOfProbe(rpc, arrival));
    if (state.isStopping) throw fault.shuttingDown({});
    if (server.pendingRequests > mostRequests) {
      throw fault.tooManyRequests({ problem: "Too many requests are being answered" });
    }
    if (isWebhook(arrival.path)) return (await webhooks())(arrival);
    if (isPreflight(arrival)) return answerPreflight();
    if (isForSocket(arrival)) return upgrade(server, rpc, arrival);
    return (await app())(arrival);
  };

  const place = { hostname, port: settings.port };
  const server = listen(place, () =>
    Bun.serve<SocketData>({
      ...place,
      development: false,
      // Two gateways on one port would be given each other's clients; the default depends on how Bun was started.
      reusePort: false,
      idleTimeout: idleSeconds,
      maxRequestBodySize: mostBodyBytes,
      websocket: socketHandler(rpc, log),
      fetch: async (request) => {
        const peer = server.requestIP(request)?.address ?? "";
        const isCrowded = areDescriptorsScarce();
        const admission = admit(request, peer);
        if (!admission.admitted) {
          noteRefusal(admission.refusal, peer);
          const refused = dress(refuse(admission.refusal));
          return isCrowded ? lastAnswer(refused) : refused;
        }
        const { arrival } = admission;
        if (isCrowded && !isProbe(arrival.path)) {
          noteRefusal(noRoom, peer);
          return lastAnswer(dress(refuse(noRoom), arrival));
        }
        const response = await enter(arrival).catch((error: unknown) => answerError(error, log));
        if (!response) return undefined;
        return isCrowded ? lastAnswer(dress(response, arrival)) : dress(response, arrival);
      },
      error: (error) => dress(answerError(error, log)),
    }),
  );

  const stop = async (graceMs: number) => {
    state.isStopping = true;
    const closing = server.stop(false);
    const deadline = clock.elapsed() + graceMs;
    while (server.pendingRequests > 0 && clock.elapsed() < deadline) await pause(10, AbortSignal.timeout(1_000));
    await server.stop(true);
    await closing;
  };
  return {
    url: server.url,
    port: server.port ?? settings.port,
    hostname,
    stop,
    [Symbol.asyncDispose]: () => stop(0),
  };
}

/** A socket that sends nothing for so long, before its request is complete or between two, is closed. */
const idleSeconds = 30;

/** Beyond this the runtime answers 413 by itself, before reading; what the routes take is less, and depends on the caller. */
const mostBodyBytes = 2 * 1024 * 1024;

const mostRequests = 2_048;

const noRoom: Refusal = {
  status: 503,
  code: "tooManyConnections",
  message: "The gateway has hardly any file descriptors left: come again, or have its limit of open files raised.",
  headers: { "retry-after": "1" },
};

interface Place {
  readonly hostname: string;
  readonly port: number;
}

function listen(at: Place, serve: () => Bun.Server<SocketData>): Bun.Server<SocketData> {
  try {
    return serve();
  } catch (error) {
    throw fault.cannotListen({ problem: whyNotListening(error, at) }, error);
  }
}

function isForSocket({ path, request }: Admitted): boolean {
  const asksUpgrade = request.headers.get("upgrade")?.toLowerCase() === "websocket";
  return path === "/ws" || (path === "/" && asksUpgrade);
}

/** The credential is checked before there is a socket, so that a wrong one is answered with a status. */
async function upgrade(server: Bun.Server<SocketData>, rpc: Rpc, arrival: Admitted): Promise<Response | undefined> {
  const { request, isPage } = arrival;
  if (request.headers.get("upgrade")?.toLowerCase() !== "websocket" || request.method !== "GET") {
    const message = "Here a WebSocket is opened; POST /rpc takes single calls.";
    return refuse({ status: 426, code: "upgradeRequired", message, headers: { upgrade: "websocket" } });
  }
  const credential = readCredential(arrival);
  const caller = await rpc.authenticate(credential, arrival);
  const hasToken = credential.token !== undefined;
  const userAgent = request.headers.get("user-agent")?.slice(0, 200);
  const peer = { caller, hasToken, isPage, ...(userAgent !== undefined && { userAgent }) };
  if (server.upgrade(request, { data: { peer } })) return undefined;
  return refuse({ status: 400, code: "badRequest", message: "This is not a well-formed WebSocket upgrade." });
}

/** Probes are asked without a credential; one that is sent is checked, and shows more. */
async function callerOfProbe(rpc: Rpc, arrival: Admitted): Promise<Caller | undefined> {
  const credential = readCredential(arrival);
  if (credential.token === undefined && credential.user === undefined) return undefined;
  return rpc.authenticate(credential, arrival);
}

/** What a request that failed is answered with. A failure nobody planned goes to the log, under a number. */
function answerError(error: unknown, log: Log): Response {
  if (error instanceof Fault) return refuseFault(error);
  const incident = newId();
  log.error("a request broke", { incident, error });
  return refuseInternal(incident);
}

function whyNotListening(error: unknown, { hostname, port }: Place): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const place = `${hostname}:${port}`;
  const known: Readonly<Record<string, string>> = {
    EADDRINUSE: `Port ${port} is taken on ${hostname}: another gateway may be running; stop it, or set gateway.port (OPENCLAW_GATEWAY_PORT) to a free port`,
    EACCES: `The system does not let us listen on ${place}: ports below 1024 need privileges, so choose a higher gateway.port`,
    EADDRNOTAVAIL: `This machine has no address ${hostname}: check gateway.bind`,
  };
  return known[code] ?? `Listening on ${place} failed (${code || "unknown reason"})`;
}
