import { createLog, type LogFields } from "#base";
import { gatewaySettings, type GatewaySettings, openServer, type Server, type ServerOptions } from "#http";
import { createHealth } from "#telemetry";
import { Value } from "@sinclair/typebox/value";
import { rightToken, TinyRpc } from "./tiny-rpc.ts";

export interface OpenHttp extends AsyncDisposable {
  readonly server: Server;
  readonly rpc: TinyRpc;
  /** The log, one parsed line each. */
  readonly logged: LogFields[];
  /** As a client that knows the token. */
  get(path: string, init?: RequestInit): Promise<Response>;
  /** As anybody. */
  ask(path: string, init?: RequestInit): Promise<Response>;
}

/** A server on a free port over a tiny RPC. */
export async function openHttp(
  settings: Record<string, unknown> = {},
  options: Partial<Omit<ServerOptions, "settings">> = {},
): Promise<OpenHttp> {
  const rpc = new TinyRpc();
  const logged: LogFields[] = [];
  const server = await openServer({
    settings: Value.Default(gatewaySettings, { port: 0, ...settings }) as GatewaySettings,
    rpc,
    health: createHealth({ gateway: async () => ({ state: "healthy" }), storage: async () => ({ state: "healthy" }) }),
    version: "1.2.3",
    log: createLog({ level: "debug", write: (line) => logged.push(JSON.parse(line) as LogFields) }),
    ...options,
  });
  const ask = (path: string, init?: RequestInit) => fetch(new URL(path, `http://127.0.0.1:${server.port}`), init);
  return {
    server,
    rpc,
    logged,
    ask,
    get: (path, init) =>
      ask(path, { ...init, headers: { authorization: `Bearer ${rightToken}`, ...(init?.headers as object) } }),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

export function sendJson(verb: string, body: unknown, headers: Record<string, string> = {}): RequestInit {
  return { method: verb, body: JSON.stringify(body), headers: { "content-type": "application/json", ...headers } };
}
