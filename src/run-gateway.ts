import type { Terminal } from "#cli";
import { type Home, locateHome, readEnvironment } from "#config";
import { existsSync } from "node:fs";
import { type App, type AppOptions, openApp } from "./app.ts";
import { calledAs } from "./called-as.ts";

/**
 * Code is compiled when it has run 32 times as often as usual: with 1, compiling takes more time than it saves in the first
 * few hundred turns, and what the compilers take is not given back: with 8, a gateway is 6 MB larger after 500 turns and
 * 15 MB after 3,000, and not faster.
 */
const servingPolicy = 32;
/** For a crowd, which fills memory with other things: it takes a fifth of the time off the thread that everything runs on. */
const busyPolicy = 2;

const onBusy = () => Bun.unsafe.setJITPolicy(busyPolicy);

/** Who starts it and writes at once should not wait for code that was just given back. */
const settledAfterMs = 2_000;

/** Runs the gateway until the terminal's signal asks it to stop; a second signal ends the process at once. */
export async function runGateway(options: AppOptions, terminal: Terminal): Promise<number> {
  await using app = await openApp({ ...options, onBusy });
  using _ = catchStrays(app.strayed);
  await terminal.stdout.write(greeting(app, options));
  using held = new DisposableStack();
  held.use(terminal.takeHangups(() => reload(app, terminal)));
  Bun.unsafe.setJITPolicy(servingPolicy); // the executable starts with one that leaves code to the interpreter
  const settling = setTimeout(() => void giveBackCode(), settledAfterMs).unref();
  held.defer(() => clearTimeout(settling));
  await new Promise<void>((resolve) => {
    if (terminal.signal.aborted) return resolve();
    terminal.signal.addEventListener("abort", () => resolve(), { once: true });
  });
  await terminal.stdout.write("Stopping: running turns may finish …\n");
  return 0;
}

/** Only of the executable: under a runtime that others run too it would take from them. */
async function giveBackCode(): Promise<void> {
  if (process.platform !== "linux" || !Bun.isStandaloneExecutable) return;
  const { pageOutCode } = await import("./page-out.ts");
  pageOutCode();
}

/** The log says the same; who reads what a service prints is told too, and who does not is not missed. */
function reload(app: App, { stdout, stderr }: Terminal): void {
  const said = app.reload();
  const told = said.isTaken
    ? stdout.write(`The settings were read again: ${said.changed.length} of them count differently now.\n`)
    : stderr.write(`The settings stay as they were: ${said.problem}\n`);
  told.catch(() => undefined);
}

/** A start that breaks ends the process; what breaks afterwards, where nobody waits for it, does not. */
function catchStrays(take: App["strayed"]): Disposable {
  const kinds = ["unhandledRejection", "uncaughtException"] as const;
  for (const kind of kinds) process.on(kind, take);
  return {
    [Symbol.dispose]: () => {
      for (const kind of kinds) process.off(kind, take);
    },
  };
}

/** What a newcomer needs: where it is, how to get in, who answers, and one line to try. */
function greeting(app: App, { home, version, environment }: AppOptions): string {
  const url = app.url.href.replace(/\/$/, "");
  const isDemo = app.model === "demo/demo";
  const settings = existsSync(app.settingsFile) ? "" : " (not there yet, so the defaults count)";
  const lines = [
    `OpenClaw ${version} listens on ${url}`,
    ...app.warnings.map((warning) => `Warning: ${warning}`),
    `Settings: ${app.settingsFile}${settings}`,
    secretLine(app),
    `Model: ${app.model}${isDemo ? " (built in, works offline; its first answer says how to set a real one)" : ""}`,
    "",
    "Send a first message from another terminal:",
    `  ${[command(environment), "chat", "-m", '"hello"', ...whereabouts(app, home)].join(" ")}`,
    "",
  ];
  return `${lines.join("\n")}\n`;
}

function secretLine({ authMode, tokenFile }: App): string {
  const where = tokenFile === undefined ? "as the settings have it" : `in ${tokenFile}`;
  const lines: Readonly<Record<App["authMode"], string>> = {
    none: "Token: nobody is asked for one",
    password: "Password: as the settings have it",
    token: `Token: ${where}`,
    "trusted-proxy": `Token: ${where}, for this machine alone; others come by the proxy`,
  };
  return lines[authMode];
}

/** With the executable's whole path, because the other terminal may be in another folder. */
function command(environment: AppOptions["environment"]): string {
  return Bun.isStandaloneExecutable ? shellQuoted(process.execPath) : calledAs(environment);
}

/** What the client cannot find out by itself in another terminal, where this one's variables and flags are not set. */
function whereabouts(app: App, home: Home): string[] {
  const usual = locateHome({ ...readEnvironment(), OPENCLAW_HOME: undefined });
  if (app.url.port === "18789" && home.root === usual.root) return [];
  const token = app.tokenFile === undefined ? [] : ["--token-file", shellQuoted(app.tokenFile)];
  return ["--url", app.url.href.replace(/^http/, "ws"), ...token];
}

/** For a POSIX shell; on Windows for cmd.exe, with as few quotes as possible, because PowerShell reads them otherwise. */
function shellQuoted(text: string): string {
  if (process.platform === "win32") return /^[\w.:\\/~-]+$/.test(text) ? text : `"${text}"`;
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
