import { Secret } from "#base";
import {
  type CliContext,
  type ClientSettings,
  type ConfigOptions,
  type EditorOptions,
  Interrupted,
  runCli,
  type VersionInfo,
} from "#cli";
import { type Config, type ConfigChange, type ExplainedValue, locateHome } from "#config";
import { fault } from "#protocol";

export const someVersion: VersionInfo = {
  version: "1.2.3",
  commit: "abc1234",
  protocols: { "JSON-RPC": "2.0" },
  schemas: async () => ({ events: 1 }),
};

export interface CliRunOptions {
  readonly port?: number;
  readonly token?: string;
  readonly bind?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** What is piped in; without it, stdin is a terminal on which `typed` is typed. */
  readonly stdin?: string;
  readonly typed?: readonly string[];
  readonly isTty?: boolean;
  readonly config?: Config<ClientSettings>;
  readonly runGateway?: (options: ConfigOptions) => Promise<number>;
  readonly writeToStdout?: (text: string) => Promise<void>;
  readonly ctrlC?: CtrlC;
  readonly calledAs?: string;
}

export interface CliRun {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The keys of a person who has had enough. */
export class CtrlC extends EventTarget {
  press(): void {
    this.dispatchEvent(new Event("press"));
  }
}

/** A command line in this process, with everything it writes. */
export async function cli(argv: readonly string[], options: CliRunOptions = {}): Promise<CliRun> {
  const written = { stdout: "", stderr: "" };
  const end = new AbortController();
  const takers: (() => void)[] = [];
  const isTty = options.isTty ?? false;
  const typed = [...(options.typed ?? [])];
  const output = (name: "stdout" | "stderr") => ({
    isTty,
    write: async (text: string) => {
      if (name === "stdout") await options.writeToStdout?.(text);
      written[name] += text;
    },
  });
  const context: CliContext = {
    stdout: output("stdout"),
    stderr: output("stderr"),
    stdin: { isTty: options.stdin === undefined, readAll: () => Promise.resolve(options.stdin ?? "") },
    signal: end.signal,
    takeInterrupts(listener) {
      takers.push(listener);
      return { [Symbol.dispose]: () => void takers.splice(takers.indexOf(listener), 1) };
    },
    takeHangups: () => ({ [Symbol.dispose]() {} }),
    openEditor: (_editor: EditorOptions) =>
      Promise.resolve({
        ask: (prompt: string) => {
          written.stderr += prompt;
          return Promise.resolve(typed.shift());
        },
        askSecret: (prompt: string) => {
          written.stderr += prompt;
          return Promise.resolve(typed.shift());
        },
        restart() {},
        [Symbol.dispose]() {},
      }),
    environment: options.environment ?? {},
    home: locateHome({ HOME: "/nowhere" }),
    calledAs: options.calledAs ?? "openclaw",
    version: someVersion,
    ...fakeInstallation(options.config ?? fakeConfig(options)),
    readToken: () => Promise.resolve(options.token === undefined ? undefined : new Secret(options.token)),
    runGateway: options.runGateway ?? (() => Promise.reject(new Error("no gateway was expected to run"))),
  };
  options.ctrlC?.addEventListener("press", () => {
    const taker = takers.at(-1);
    if (taker) taker();
    else end.abort(new Interrupted("SIGINT"));
  });
  const exitCode = await runCli(argv, context);
  return { exitCode, ...written };
}

/** What a command may ask about settings, answered from those in memory. */
export function fakeInstallation(
  config: Config<ClientSettings>,
): Pick<
  CliContext,
  "backups" | "channels" | "checkConfig" | "locateConfig" | "openConfig" | "readClientSettings" | "storage"
> {
  const { file, warnings } = config;
  return {
    openConfig: () => Promise.resolve(config),
    locateConfig: () => Promise.resolve({ file, schema: config.schema() }),
    checkConfig: () => Promise.resolve({ file, problems: [], warnings }),
    readClientSettings: () => Promise.resolve(config.settings),
    channels: {
      available: () => Promise.resolve([]),
      capabilities: () => Promise.resolve([]),
      configured: () => Promise.resolve([]),
    },
    backups: {
      create: () => Promise.reject(new Error("nobody backs memory up")),
      verify: () => Promise.reject(new Error("nobody backs memory up")),
      restore: () => Promise.reject(new Error("nobody backs memory up")),
    },
    storage: {
      inspect: () => Promise.reject(new Error("nobody inspects in memory")),
      copyTo: () => Promise.reject(new Error("nothing was expected to be copied")),
      count: () => Promise.resolve({ backend: "sqlite", where: "/nowhere/openclaw.db", rows: { sessions: 3 } }),
    },
  };
}

/** Settings in memory, with one secret, behind the interface of the real ones. */
export function fakeConfig({
  port = 1,
  bind = "loopback",
}: { port?: number; bind?: string } = {}): Config<ClientSettings> {
  const [secret, hash] = ["gateway.auth.token", "gateway.auth.password_hash"];
  const values = new Map<string, unknown>([
    ["gateway.port", port],
    ["gateway.bind", bind],
    [secret, new Secret("hunter2")],
    [hash, undefined],
  ]);
  const known = (path: string): unknown => {
    if (!values.has(path)) throw fault.configInvalid({ problem: `There is no setting “${path}”.` });
    return values.get(path);
  };
  const write = (path: string, value: unknown): Promise<ConfigChange> => {
    known(path);
    values.set(path, value);
    return Promise.resolve({ changed: [path], restartRequired: [path] });
  };
  const explained = (path: string): ExplainedValue => ({
    path,
    value: path === secret || path === hash ? "[secret]" : values.get(path),
    source: path === "gateway.bind" ? "environment" : "file",
    variable: `OPENCLAW_${path.toUpperCase().replaceAll(".", "_")}`,
    description: `About ${path}.`,
  });
  return {
    settings: { gateway: { port, bind, auth: { mode: "token" } } },
    file: "/nowhere/openclaw.toml",
    hash: "0",
    warnings: ["gateway.prot is not known; did you mean gateway.port?"],
    view: () => ({ gateway: { port, bind, auth: { token: "[secret]" } } }),
    get: known,
    explain: (path) => [...values.keys()].filter((name) => name.startsWith(path ?? "")).map(explained),
    schema: () => ({ type: "object" }),
    set: write,
    unset: (path) => write(path, undefined),
    reload: () => ({ changed: [], restartRequired: [] }),
    subscribe: () => () => undefined,
    patch: () => Promise.reject(new Error("nobody patches from the command line")),
  };
}
