import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { until } from "./until.ts";

const root = join(import.meta.dir, "../..");

/** The compiled executable that `npm run build` makes for this machine. */
export const binary = join(root, "dist/openclaw-linux-x86_64");

export const token = "test-token-0123456789abcdef0123456789abcdef";

export interface GatewayProcess extends AsyncDisposable {
  readonly url: string;
  readonly socketUrl: string;
  readonly port: number;
  readonly pid: number;
  readonly home: string;
  /** From spawn to the first healthy answer. */
  readonly startMs: number;
  /** Resolves when the process is gone, whoever ended it. */
  readonly ended: Promise<unknown>;
  /** What it wrote to its standard output and error so far. */
  output(): string;
  /** Sends a signal and waits for the end; the exit code, or null after a signal ended it. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

export interface GatewaySetup {
  /** The folder of the installation: what stands in it stays, so that a second start finds the first one's state. */
  readonly home: string;
  /** The text of `openclaw.toml`, written before the start. */
  readonly config?: string;
  readonly command?: readonly string[];
  readonly environment?: Record<string, string>;
  readonly cwd?: string;
}

/** Starts the gateway as a person would, on a free port of loopback, and waits until it is healthy. */
export async function startGateway(setup: GatewaySetup): Promise<GatewayProcess> {
  if (setup.config !== undefined) {
    mkdirSync(setup.home, { recursive: true });
    writeFileSync(join(setup.home, "openclaw.toml"), setup.config);
  }
  const port = await freePort();
  const begin = performance.now();
  const child = Bun.spawn([...(setup.command ?? [binary]), "gateway", "run", "--port", String(port)], {
    cwd: setup.cwd ?? setup.home,
    env: {
      PATH: process.env["PATH"] ?? "/usr/bin:/bin",
      HOME: setup.home,
      OPENCLAW_HOME: setup.home,
      XDG_RUNTIME_DIR: join(setup.home, "run"),
      OPENCLAW_GATEWAY_AUTH_TOKEN: token,
      ...setup.environment,
    },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const output: string[] = [];
  const reading = Promise.all([collect(child.stdout, output), collect(child.stderr, output)]);
  const url = `http://127.0.0.1:${port}`;
  await until(
    `${url}/health`,
    async () => {
      const ending = child.exitCode ?? child.signalCode;
      if (ending !== null) throw new Error(`the gateway ended with ${ending}:\n${output.join("")}`);
      return isHealthy(url);
    },
    20_000,
  );
  const startMs = performance.now() - begin;

  async function stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    child.kill(signal);
    await child.exited;
    await reading;
    return child.signalCode ? null : child.exitCode;
  }

  return {
    url,
    socketUrl: `ws://127.0.0.1:${port}/ws`,
    port,
    pid: child.pid,
    home: setup.home,
    startMs,
    ended: child.exited,
    output: () => output.join(""),
    stop,
    [Symbol.asyncDispose]: async () => {
      await stop("SIGKILL");
    },
  };
}

async function isHealthy(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/health`)).ok;
  } catch {
    return false; // nobody listens yet
  }
}

async function collect(stream: ReadableStream<Uint8Array>, into: string[]): Promise<void> {
  const decoder = new TextDecoder();
  for await (const chunk of stream) into.push(decoder.decode(chunk, { stream: true }));
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        typeof address === "object" && address ? resolve(address.port) : reject(new Error("no port")),
      );
    });
  });
}

/** The configuration of a gateway whose one model is the fake one at `modelUrl`. */
export function fakeModelConfig(
  modelUrl: string,
  api: "openai-completions" | "anthropic-messages" = "openai-completions",
): string {
  return `
[agents.defaults.model]
primary = "fake/fake-1"

[models.providers.fake]
api = "${api}"
base_url = "${modelUrl}"
api_key = "sk-fake-0123456789"

[[models.providers.fake.models]]
id = "fake-1"
context_window = 200000
max_tokens = 8192
`;
}
