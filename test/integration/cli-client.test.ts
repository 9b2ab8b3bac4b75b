import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cli, CtrlC } from "../support/cli.ts";
import { FakeRefusal, silence, startFakeGateway } from "../support/fake-gateway.ts";

const token = "s3cret-token";
const folder = mkdtempSync(join(tmpdir(), "openclaw-cli-"));
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("reaching the gateway", () => {
  test("the installation's own token opens its own gateway, as a header and never in the URL", async () => {
    await using gateway = startFakeGateway({ token, methods: { ping: () => ({ pong: true }) } });
    const run = await cli(["gateway", "call", "ping"], { port: gateway.port, token });
    expect(run).toEqual({ exitCode: 0, stdout: '{\n  "pong": true\n}\n', stderr: "" });
    expect(gateway.requests).toEqual([{ url: gateway.url.replace("ws:", "http:"), authorization: `Bearer ${token}` }]);
  });

  test("the installation's own token is not handed to another gateway", async () => {
    await using gateway = startFakeGateway({ methods: { ping: () => ({}) } });
    const run = await cli(["gateway", "call", "ping", "--url", gateway.url], { port: gateway.port + 1, token });
    expect(run.exitCode).toBe(0);
    expect(gateway.requests[0]?.authorization).toBeNull();
  });

  test("--url may spell the own gateway in another way", async () => {
    await using gateway = startFakeGateway({ token, methods: { ping: () => ({}) } });
    for (const url of [`http://localhost:${gateway.port}`, `127.0.0.1:${gateway.port}`]) {
      const run = await cli(["gateway", "call", "ping", "--url", url], { port: gateway.port, token });
      expect(run).toMatchObject({ exitCode: 0, stderr: "" });
    }
  });

  test("a token that is missing is told as that, by the words that the program is called by", async () => {
    await using gateway = startFakeGateway({
      methods: {
        "sessions.list": () => {
          throw new FakeRefusal(-32001, "A token is needed: as Authorization: Bearer.");
        },
      },
    });
    const run = await cli(["sessions", "list"], { port: gateway.port });
    expect(run).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("asks for a token, and none was found") });
    const nobody = await cli(["status"], { port: 1, calledAs: "npm run -s openclaw --" });
    expect(nobody.stderr).toContain("start one with `npm run -s openclaw -- gateway run`.");
  });

  test("--token and --token-file count more than the installation's", async () => {
    await using gateway = startFakeGateway({ token, methods: { ping: () => ({}) } });
    const file = join(folder, "token");
    await writeFile(file, `${token}\n`);
    for (const given of [
      ["--token", token],
      ["--token-file", file],
    ]) {
      const run = await cli(["gateway", "call", "ping", "--url", gateway.url, ...given], { port: 1, token: "other" });
      expect(run).toMatchObject({ exitCode: 0, stderr: "" });
    }
  });

  test("without a gateway, it says how to start one", async () => {
    const gateway = startFakeGateway();
    await gateway[Symbol.asyncDispose]();
    const run = await cli(["status"], { port: gateway.port, token });
    expect(run).toEqual({
      exitCode: 1,
      stdout: "",
      stderr: `error: No gateway answers at ${gateway.url} — start one with \`openclaw gateway run\`.\n`,
    });
    const asJson = await cli(["status", "--json"], { port: gateway.port, token });
    expect(asJson).toMatchObject({ exitCode: 1, stderr: "" });
    expect(JSON.parse(asJson.stdout)).toMatchObject({ ok: false, error: { type: "noGateway" } });
  });

  test.each([
    [401, "unauthorized"],
    [403, "forbidden"],
    [429, "lockedOut"],
    [503, "shuttingDown"],
    [418, "noGateway"],
  ])("an upgrade refused with %d is told as %s", async (refuse, type) => {
    await using gateway = startFakeGateway({ refuse });
    const { exitCode, stdout } = await cli(["health", "--json"], { port: gateway.port, token });
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout).error.type).toBe(type);
    expect(stdout).not.toContain(token);
  });

  test.each([
    ["ws://8.8.8.8:18789"],
    ["http://gateway.example"],
    ["ws://127.0.0.1.evil.example"],
    ["gateway.example:18789"],
  ])("no token goes to %s in the clear", async (url) => {
    const run = await cli(["status", "--url", url, "--token", token], { port: 1 });
    expect(run).toMatchObject({ exitCode: 1, stdout: "" });
    expect(run.stderr).toContain("in the clear");
    expect(run.stderr).not.toContain(token);
  });

  test("the address that the settings name is held to the same", async () => {
    const run = await cli(["status"], { port: 18_789, bind: "8.8.8.8", token });
    expect(run.stderr).toContain("in the clear");
  });

  test.each([
    ["ws://user:pw@127.0.0.1:1", "must not carry"],
    ["ws://127.0.0.1:1?token=x", "must not carry"],
    ["ftp://127.0.0.1", "not the address of a gateway"],
    ["ws://", "not the address of a gateway"],
  ])("--url %s is a misuse", async (url, said) => {
    const run = await cli(["status", "--url", url], { port: 1 });
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toContain(said);
    expect(run.stderr).not.toContain("pw");
  });

  test("a token that cannot be a header is refused before anything is sent", async () => {
    const run = await cli(["status", "--token", "a b"], { port: 1 });
    expect(run).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("--token holds no token") });
    const unread = await cli(["status", "--token-file", join(folder, "nothing")], { port: 1 });
    expect(unread).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("ENOENT") });
  });
});

describe("gateway call", () => {
  test("params go in, the gateway's error comes out under its name", async () => {
    await using gateway = startFakeGateway({
      methods: {
        echo: (params: unknown) => params,
        lost: () => {
          throw new FakeRefusal(-32_004, "There is no session “\u001B[2Jx”.");
        },
      },
    });
    const at = { port: gateway.port, token };
    expect(JSON.parse((await cli(["gateway", "call", "echo", "--params", '{"a":[1]}'], at)).stdout)).toEqual({
      a: [1],
    });
    const piped = await cli(["gateway", "call", "echo", "--params", "-"], { ...at, stdin: '{"b":2}\n' });
    expect(JSON.parse(piped.stdout)).toEqual({ b: 2 });
    expect(await cli(["gateway", "call", "lost"], at)).toEqual({
      exitCode: 1,
      stdout: "",
      stderr: "error: There is no session “\\x1b[2Jx”.\n",
    });
    const asJson = await cli(["gateway", "call", "lost", "--json"], at);
    expect(JSON.parse(asJson.stdout).error.type).toBe("sessionNotFound");
  });

  test.each([["{"], ["5"], ["null"], ['"x"']])("--params %s is a misuse, found before connecting", async (params) => {
    expect((await cli(["gateway", "call", "x", "--params", params], { port: 1 })).exitCode).toBe(2);
  });

  test("an answer that does not come is waited for no longer than --timeout", async () => {
    await using gateway = startFakeGateway({ methods: { slow: () => silence } });
    const run = await cli(["gateway", "call", "slow", "--timeout", "20"], { port: gateway.port, token });
    expect(run).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("within 20 ms") });
  });

  test("Ctrl-C ends the wait with 130", async () => {
    const ctrlC = new CtrlC();
    const slow = () => {
      ctrlC.press();
      return silence;
    };
    await using gateway = startFakeGateway({ methods: { slow } });
    const run = await cli(["gateway", "call", "slow"], {
      port: gateway.port,
      token,
      ctrlC,
    });
    expect(run).toEqual({ exitCode: 130, stdout: "", stderr: "" });
  });

  test("a connection that is lost ends the wait", async () => {
    await using gateway = startFakeGateway({
      methods: {
        slow: () => {
          gateway.drop(1012, "restarting");
          return silence;
        },
      },
    });
    const run = await cli(["gateway", "call", "slow"], { port: gateway.port, token });
    expect(run).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("(1012: restarting)") });
  });
});

describe("status and health", () => {
  const status = {
    version: "1.2.3",
    pid: 42,
    startedAt: 0,
    uptimeMs: 7_300_000,
    model: "demo/demo",
    sandbox: { backend: "none", canRun: false, because: "bwrap is not installed" },
    storage: { backend: "sqlite", ok: true },
    turns: { running: 1, waiting: 2 },
    memory: { rssBytes: 31_457_280 },
  };

  test("status shows what the gateway says of itself", async () => {
    await using gateway = startFakeGateway({ methods: { status: () => status } });
    const { exitCode, stdout } = await cli(["status"], { port: gateway.port, token });
    expect(exitCode).toBe(0);
    expect(stdout).toContain("1.2.3, process 42, up 2 h");
    expect(stdout).toContain("none, runs nothing: bwrap is not installed");
    expect(stdout).toContain("30.0 MiB");
    expect(JSON.parse((await cli(["status", "--json"], { port: gateway.port, token })).stdout)).toEqual(status);
  });

  test("an answer of another shape is told as another version", async () => {
    await using gateway = startFakeGateway({ methods: { status: () => ({ ...status, pid: "x" }) } });
    const { exitCode, stdout } = await cli(["status", "--json"], { port: gateway.port, token });
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout).error).toMatchObject({
      type: "protocolMismatch",
      message: expect.stringContaining("/pid"),
    });
  });

  test.each([
    [true, "degraded", 0],
    [false, "unhealthy", 1],
  ])("health %p: %s ends with %d", async (ok, state, exitCode) => {
    const report = { ok, status: state, components: { storage: state }, reasons: { storage: "disk\nfull" } };
    await using gateway = startFakeGateway({ methods: { health: () => report } });
    const run = await cli(["health"], { port: gateway.port, token });
    expect(run).toEqual({ exitCode, stdout: `${state}\n  storage  ${state}  disk full\n`, stderr: "" });
    const asJson = await cli(["health", "--json"], { port: gateway.port, token });
    expect({ ...asJson, stdout: JSON.parse(asJson.stdout) }).toEqual({ exitCode, stdout: report, stderr: "" });
  });
});
