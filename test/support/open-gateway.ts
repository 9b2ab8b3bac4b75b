import type { Channel } from "#channels";
import { type Home, locateHome, prepareHome } from "#config";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type App, openApp } from "../../src/app.ts";
import { tempFolder } from "./temp-folder.ts";
import { type Connecting, WireClient } from "./wire-client.ts";
import type { OpenClawFrame } from "./openclaw-socket.ts";

export const sharedToken = "the-shared-token-of-this-gateway";

export interface OpenGateway extends AsyncDisposable {
  readonly app: App;
  readonly home: string;
  /** A socket; what it brings beside its connect. */
  join(headers?: Record<string, string>): WireClient;
  /** A socket that has tried to come in. */
  enter(
    connecting: Connecting,
    headers?: Record<string, string>,
  ): Promise<{ client: WireClient; answer: OpenClawFrame }>;
  /** One call over HTTP, with the shared token unless told otherwise. */
  call(
    method: string,
    params?: unknown,
    headers?: Record<string, string>,
  ): Promise<{ status: number; body: RpcAnswer }>;
}

export interface RpcAnswer {
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: Record<string, unknown> };
}

/** A whole gateway in a folder of its own, with these lines in its settings file. */
export async function openGateway(
  config = "",
  environment: Record<string, string> = { OPENCLAW_GATEWAY_TOKEN: sharedToken },
  more: {
    readonly prepare?: (home: Home) => Promise<void>;
    readonly channels?: readonly Channel[];
    /** That of an earlier one, which is a restart of it. */
    readonly folder?: string;
  } = {},
): Promise<OpenGateway> {
  await using opened = new AsyncDisposableStack();
  const folder = more.folder === undefined ? opened.use(tempFolder()) : { path: more.folder };
  writeFileSync(join(folder.path, "openclaw.toml"), config);
  const home = locateHome({ OPENCLAW_HOME: folder.path });
  prepareHome(home);
  await more.prepare?.(home);
  const apart = { XDG_RUNTIME_DIR: join(folder.path, "run"), ...environment };
  const flags = { "gateway.port": 0 };
  const own = more.channels && { channels: more.channels };
  const app = opened.use(await openApp({ home, environment: apart, flags, version: "1.2.3", ...own }));
  const held = opened.move();
  const open = (headers?: Record<string, string>) => held.use(new WireClient(app.url, headers));
  return {
    app,
    home: folder.path,
    join: open,
    enter: async (connecting, headers) => {
      const client = open(headers);
      return { client, answer: await client.connect(connecting) };
    },
    call: async (method, params, headers = { authorization: `Bearer ${sharedToken}` }) => {
      const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
      const init = { method: "POST", body, headers: { "content-type": "application/json", ...headers } };
      const response = await fetch(new URL("/rpc", app.url), init);
      return { status: response.status, body: (await response.json()) as RpcAnswer };
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}
