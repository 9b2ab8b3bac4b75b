import { expect, test } from "bun:test";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { binary, startGateway, token } from "../support/gateway-process.ts";
import { SocketClient } from "../support/socket-client.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { until } from "../support/until.ts";

/** Runs the executable in an empty home of its own. */
async function run(home: string, args: readonly string[], environment: Record<string, string> = {}, stdin = "") {
  const child = Bun.spawn([binary, ...args], {
    cwd: home,
    env: { PATH: "/usr/bin:/bin", HOME: home, OPENCLAW_HOME: home, ...environment },
    stdin: new TextEncoder().encode(stdin),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { stdout, stderr, code };
}

test("needs no newer C library than Ubuntu 20.04 has", async () => {
  const bytes = await Bun.file(binary).bytes();
  const versions = [
    ...Buffer.from(bytes)
      .toString("latin1")
      .matchAll(/GLIBC_2\.(\d+)/g),
  ].map((m) => Number(m[1]));
  expect(versions.length).toBeGreaterThan(0);
  expect(Math.max(...versions)).toBeLessThanOrEqual(31);
});

test("says what it is, and how to use it", async () => {
  using home = tempFolder();
  expect((await run(home.path, ["--version"])).stdout).toMatch(/^(openclaw )?\d+\.\d+\.\d+/);
  const version = JSON.parse((await run(home.path, ["version", "--json"])).stdout);
  expect(version).toHaveProperty("version");
  const help = await run(home.path, ["--help"]);
  expect(help.code).toBe(0);
  for (const command of ["gateway", "chat", "status", "health", "sessions", "config", "version"]) {
    expect(help.stdout).toContain(command);
  }
  expect(existsSync(join(home.path, "state"))).toBe(false);
});

test("makes a token on its first run that only its owner reads, and its own commands find it", async () => {
  using home = tempFolder();
  await using gateway = await startGateway({ home: home.path, environment: { OPENCLAW_GATEWAY_AUTH_TOKEN: "" } }).catch(
    (error: unknown) => {
      throw new Error("an empty variable must count as not set", { cause: error });
    },
  );
  const made = join(home.path, "state/token");
  expect(statSync(made).mode & 0o777).toBe(0o600);
  expect(statSync(home.path).mode & 0o777).toBe(0o700);
  const own = (await Bun.file(made).text()).trim();
  expect(own).toMatch(/^[0-9a-f]{64}$/);
  expect(gateway.output()).not.toContain(own);

  const port = { OPENCLAW_GATEWAY_PORT: String(gateway.port) };
  const chat = await run(home.path, ["chat", "-m", "hello"], port);
  expect(chat).toMatchObject({ code: 0 });
  expect(chat.stdout).toContain("demo");
  expect((await run(home.path, ["status", "--json"], port)).stdout).not.toContain(own);
  expect((await run(home.path, ["health"], port)).code).toBe(0);
  const piped = await run(home.path, ["chat", "--json"], port, "hello from a pipe");
  expect(JSON.parse(piped.stdout)).toMatchObject({ status: "ok", sessionKey: "agent:main:main" });
  const listed = JSON.parse((await run(home.path, ["sessions", "list", "--json"], port)).stdout);
  expect(JSON.stringify(listed)).toContain("agent:main:main");
  const exported = await run(home.path, ["sessions", "export", "main"], port);
  expect(
    exported.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).event.kind)[0],
  ).toBe("SessionStarted");
  const called = await run(home.path, ["gateway", "call", "ping"], port);
  expect(JSON.parse(called.stdout)).toBeObject();
  const wrong = await run(home.path, ["gateway", "call", "no.such.method"], port);
  expect(wrong.code).not.toBe(0);
  expect(wrong.stderr).toContain("no.such.method");
});

test("a second start on the same folder names the process that holds it", async () => {
  using home = tempFolder();
  await using gateway = await startGateway({ home: home.path });
  const second = await run(home.path, ["gateway", "run", "--port", "0"]);
  expect(second.code).not.toBe(0);
  expect(second.stderr).toContain(String(gateway.pid));
});

test("a lock whose holder was killed is free", async () => {
  using home = tempFolder();
  await (await startGateway({ home: home.path })).stop("SIGKILL");
  await using again = await startGateway({ home: home.path });
  expect((await fetch(`${again.url}/healthz`)).status).toBe(200);
});

test.each([
  ["a port that is none", ["--port", "99999"], {}, "--port"],
  ["a setting that is none", ["--set", "gateway.port=abc"], {}, "gateway.port"],
  ["a bind without authentication", ["--bind", "0.0.0.0", "--auth", "none"], {}, "auth"],
  ["a token that is no token", [], { OPENCLAW_GATEWAY_AUTH_TOKEN: "changeme" }, "token"],
  ["a variable of the wrong type", [], { OPENCLAW_RUNTIME_WORKER_CONCURRENCY: "many" }, "worker_concurrency"],
])("refuses to start with %s, and says why", async (_what, flags, environment, named) => {
  using home = tempFolder();
  const refused = await run(home.path, ["gateway", "run", ...flags], environment);
  expect(refused.code).not.toBe(0);
  expect(refused.stderr.toLowerCase()).toContain(named);
  expect(refused.stderr).not.toContain("    at ");
});

test("a mistake in the settings is named with file and line, and changes nothing", async () => {
  using home = tempFolder();
  await Bun.write(join(home.path, "openclaw.toml"), '# mine\n[gateway]\nport = "abc"\n');
  const refused = await run(home.path, ["gateway", "run"]);
  expect(refused.code).not.toBe(0);
  expect(refused.stderr).toContain("openclaw.toml:3");
  expect(refused.stderr).toContain("gateway.port");
  expect(existsSync(join(home.path, "state/openclaw.db"))).toBe(false);
});

test("speaks on both paths, and asks for the token on neither for a ping", async () => {
  using home = tempFolder();
  await using gateway = await startGateway({ home: home.path });
  for (const path of ["/ws", "/"]) {
    await using client = await SocketClient.open(`ws://127.0.0.1:${gateway.port}${path}`, null);
    expect(await client.ask("ping")).toHaveProperty("result");
  }
});

test("stops when asked: says so to its clients, and ends with 0", async () => {
  using home = tempFolder();
  await using gateway = await startGateway({ home: home.path });
  await using client = await SocketClient.open(gateway.socketUrl, token);
  expect(await gateway.stop("SIGTERM")).toBe(0);
  expect(await client.closed).toMatchObject({ code: 1012 });
});

test("a conversation ends when its terminal goes away", async () => {
  using home = tempFolder();
  await using gateway = await startGateway({ home: home.path });
  const owner = Bun.spawn(
    [process.execPath, join(import.meta.dir, "../support/pty-owner.ts"), binary, "chat", "--url", gateway.socketUrl],
    {
      env: {
        PATH: "/usr/bin:/bin",
        HOME: home.path,
        OPENCLAW_HOME: home.path,
        OPENCLAW_GATEWAY_TOKEN: token,
        TERM: "xterm",
      },
      stdout: "pipe",
      stderr: "pipe",
    },
  );
  const shown: string[] = [];
  const watching = (async () => {
    for await (const chunk of owner.stderr) shown.push(new TextDecoder().decode(chunk));
  })();
  const { value } = await owner.stdout.getReader().read();
  const pid = Number(new TextDecoder().decode(value));
  await until("the prompt", () => shown.join("").includes("> "));
  owner.kill("SIGKILL");
  await until("the end of the conversation", () => !isAlive(pid));
  await watching;
});

function isAlive(pid: number): boolean {
  try {
    const state = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1);
    return !state?.startsWith("Z"); // one that nobody has reaped yet is over all the same
  } catch {
    return false;
  }
}

test("a gateway that has settled gives back the code that only its start needed, and answers as before", async () => {
  await using gateway = await startGateway({ home: tempFolder().path });
  const started = codeKilobytes(gateway.pid);
  await until("the code to be given back", () => codeKilobytes(gateway.pid) < started / 2, 15_000);
  await using client = await SocketClient.open(gateway.socketUrl);
  expect(await client.call("health")).toBeDefined();
});

/** How much of the executable's code is in memory for this process. */
function codeKilobytes(pid: number): number {
  const maps = readFileSync(`/proc/${pid}/smaps`, "utf8").split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m);
  const code = maps.filter((map) => /^\S+ r-xp .*openclaw-linux/.test(map));
  return code.reduce((sum, map) => sum + Number(/^Rss:\s+(\d+) kB/m.exec(map)?.[1]), 0);
}
