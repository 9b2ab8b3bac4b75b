import { expect } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Script, startFakeModel } from "../support/fake-model.ts";
import { fakeModelConfig, freePort, startGateway, token } from "../support/gateway-process.ts";
import { schemaProblems } from "../support/openclaw-schema.ts";
import { startRelay } from "../support/recording-relay.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { missing, openclaw } from "./installed.ts";
import { writeRefusals } from "./unserved.ts";

const entry = join(import.meta.dir, "../../src/main.ts");

export interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export type House = Awaited<ReturnType<typeof openHouse>>;

/**
 * A running gateway with a scripted model, a relay before it that remembers what is said, and a person's home in which the
 * original is set up to use it. `client` is what the refusals are reported under.
 */
export async function openHouse(
  client: string,
  script: Script,
  options: { readonly pages?: (request: Request) => Promise<Response | undefined> } = {},
) {
  if (missing().length > 0) throw new Error(`${missing().join(", ")} not installed: run \`npm run test:clients\``);
  await using opened = new AsyncDisposableStack();
  const home = opened.use(tempFolder()).path;
  const folder = opened.use(tempFolder());
  const model = opened.use(startFakeModel({ script }));
  const port = await freePort();
  const gateway = opened.use(
    await startGateway({
      home: folder.path,
      config: `${fakeModelConfig(model.url)}${otherModel}${allowing(port)}`,
      command: [process.execPath, entry],
    }),
  );
  const relay = opened.use(startRelay(`ws://127.0.0.1:${gateway.port}`, { port, ...options }));
  opened.defer(() => writeRefusals(client, relay));
  const environment = setUp(home, port);

  const held = opened.move();
  return {
    gateway,
    relay,
    model,
    port,
    environment,
    home,
    /** Runs a command of the original's to its end. */
    async run(...args: string[]): Promise<Ended> {
      const child = Bun.spawn([...openclaw, ...args], {
        env: environment,
        cwd: home,
        stdio: ["ignore", "pipe", "pipe"],
        timeout: 60_000,
        killSignal: "SIGKILL",
      });
      const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
      return { exitCode: await child.exited, stdout, stderr };
    },
    /** Asks the gateway without any client, where only the answer matters. */
    async ask(method: string, params: object = {}): Promise<unknown> {
      const response = await fetch(`${gateway.url}/rpc`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
      });
      return ((await response.json()) as { readonly result?: unknown }).result;
    },
    /** Starts a command of the original's that goes on until it is disposed of. */
    start(...args: string[]): AsyncDisposable {
      const child = Bun.spawn([...openclaw, ...args], {
        env: environment,
        cwd: home,
        stdio: ["ignore", "ignore", "ignore"],
      });
      return {
        async [Symbol.asyncDispose]() {
          child.kill("SIGKILL");
          await child.exited;
        },
      };
    },
    /** Everything the gateway said, against the original's schema. */
    expectSchema: () => expect(relay.said.flatMap(schemaProblems)).toEqual([]),
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

/** Beside `fake-1`, so that there is something to choose. */
const otherModel = `
[[models.providers.fake.models]]
id = "fake-2"
context_window = 100000
max_tokens = 4096
`;

function allowing(port: number): string {
  return `\n[gateway]\nallowed_origins = ["http://127.0.0.1:${port}"]\n`;
}

/** Settings of the original that name our gateway, in a home of its own; nothing else of the machine is seen. */
function setUp(home: string, port: number): Record<string, string> {
  const state = join(home, ".openclaw");
  mkdirSync(state);
  const settings = {
    gateway: { mode: "local", port, auth: { mode: "token", token } },
    logging: { file: join(home, "client.log") },
    update: { checkOnStart: false },
  };
  writeFileSync(join(state, "openclaw.json"), JSON.stringify(settings));
  return {
    PATH: "/usr/bin:/bin",
    HOME: home,
    OPENCLAW_HOME: home,
    OPENCLAW_STATE_DIR: state,
    // Some commands look for a gateway of their own on this machine first, unless they are told the port.
    OPENCLAW_GATEWAY_PORT: String(port),
    TMPDIR: home,
    LANG: "C.UTF-8",
    TERM: "xterm-256color",
    NO_COLOR: "1",
  };
}
