import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** One executable with a home of its own, used through its command line. */
export class Installation implements AsyncDisposable {
  /** Where it is started: a folder of files that would take over a program that trusts them. */
  readonly folder: string;
  readonly isWindows: boolean;
  readonly #command: readonly string[];
  readonly #root: string;
  readonly #port: number;
  #gateway: Bun.Subprocess<"ignore", "pipe", "pipe"> | undefined;

  static async make({ command }: { readonly command: readonly string[] }): Promise<Installation> {
    const root = await mkdtemp(join(tmpdir(), "openclaw-smoke-"));
    await mkdir(join(root, "started-here"));
    return new Installation(command, root, await freePort());
  }

  private constructor(command: readonly string[], root: string, port: number) {
    this.folder = join(root, "started-here");
    this.isWindows = command.at(-1)?.endsWith(".exe") ?? false;
    this.#command = command;
    this.#root = root;
    this.#port = port;
  }

  /** Runs one command; its standard output when it succeeds. */
  async openclaw(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.#run(args);
    if (code !== 0) throw new Error(`openclaw ${args.join(" ")} ended with ${code}: ${stderr}${stdout}`);
    return stdout;
  }

  /** Runs one command that must not succeed; its standard error. */
  async refused(...args: string[]): Promise<string> {
    const { code, stderr } = await this.#run(args);
    if (code === 0) throw new Error(`openclaw ${args.join(" ")} succeeded`);
    return stderr;
  }

  /** What the agent answers. */
  say(message: string): Promise<string> {
    return this.openclaw("chat", "-m", message);
  }

  /** Starts the gateway and waits until it is healthy. */
  async start(): Promise<void> {
    const gateway = Bun.spawn([...this.#command, "gateway", "run"], {
      ...this.#surroundings(),
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    this.#gateway = gateway;
    const printed = gateway.stderr.text();
    // What nobody reads would fill the pipe.
    void gateway.stdout.text();
    const giveUpAt = performance.now() + patienceMs;
    while (!(await isHealthy(this.#port))) {
      if (gateway.exitCode !== null) throw new Error(`the gateway ended with ${gateway.exitCode}: ${await printed}`);
      if (performance.now() > giveUpAt) throw new Error(`the gateway is not healthy after ${patienceMs} ms`);
      await Bun.sleep(5);
    }
  }

  /** Stops the gateway as Ctrl-C does, which Windows itself has no way to do from outside: there it is ended. */
  async stop(): Promise<void> {
    const gateway = this.#gateway;
    if (!gateway) return;
    this.#gateway = undefined;
    gateway.kill("SIGINT");
    const force = setTimeout(() => gateway.kill("SIGKILL"), patienceMs);
    await gateway.exited;
    clearTimeout(force);
    if (gateway.exitCode !== 0 && process.platform !== "win32")
      throw new Error(`the gateway ended with ${gateway.exitCode ?? gateway.signalCode}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#gateway?.kill("SIGKILL");
    await this.#gateway?.exited;
    await rm(this.#root, { recursive: true, force: true });
  }

  async #run(args: readonly string[]) {
    const child = Bun.spawn([...this.#command, ...args], {
      ...this.#surroundings(),
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      timeout: patienceMs,
    });
    const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    return { stdout: stdout.replaceAll("\r\n", "\n"), stderr, code };
  }

  #surroundings() {
    const others = Object.entries(process.env).filter(([name]) => !name.startsWith("OPENCLAW_"));
    return {
      cwd: this.folder,
      env: {
        ...Object.fromEntries(others),
        OPENCLAW_HOME: join(this.#root, "home"),
        OPENCLAW_GATEWAY_PORT: String(this.#port),
      },
    };
  }
}

const patienceMs = 30_000;

async function isHealthy(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/health`)).ok;
  } catch {
    return false; // nobody listens yet
  }
}

function freePort(): Promise<number> {
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
