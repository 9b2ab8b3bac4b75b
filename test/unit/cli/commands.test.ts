import { commands } from "#cli";
import { expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { cli } from "../../support/cli.ts";

test("the list and the folder agree, and the list is in alphabetical order", async () => {
  const files = await readdir(join(import.meta.dir, "../../../src/cli/commands"));
  const names = commands.map(({ path }) => path.join("-"));
  expect(names).toEqual(files.map((file) => file.replace(/\.ts$/, "")).toSorted());
  expect(names).toEqual(names.toSorted());
});

test("every command can be asked what it does", async () => {
  for (const command of commands) {
    const { exitCode, stdout } = await cli(["help", ...command.path]);
    expect(exitCode).toBe(0);
    expect(stdout).toStartWith(`${command.summary}\n\nUsage: openclaw ${command.path.join(" ")}`);
    for (const name of Object.keys(command.positionals)) expect(stdout).toContain(name);
    for (const { description } of Object.values(command.options)) expect(stdout).toContain(description);
  }
});

test("no option of a command hides a global one", () => {
  for (const { options } of commands) {
    const shorts = Object.values(options).flatMap(({ short }) => short ?? []);
    expect(Object.keys(options)).not.toContainAnyValues(["help", "version", "noColor"]);
    expect(shorts).toEqual([...new Set(shorts)]);
    expect(shorts).not.toContainAnyValues(["h", "V"]);
  }
});

test("without words, all commands are listed", async () => {
  const { exitCode, stdout, stderr } = await cli([]);
  expect(exitCode).toBe(0);
  expect(stderr).toBe("");
  for (const { path, summary } of commands)
    expect(stdout).toMatch(new RegExp(`^  ${path.join(" ")} +${RegExp.escape(summary)}$`, "m"));
});

test("help on a group lists the group alone", async () => {
  const { stdout } = await cli(["config", "--help"]);
  expect(stdout).toContain("config validate");
  expect(stdout).not.toContain("sessions");
});

test("help is coloured for a terminal, unless the person does not want it", async () => {
  const bold = "\u001B[1m";
  expect((await cli([], { isTty: true })).stdout).toContain(bold);
  expect((await cli([], { isTty: false })).stdout).not.toContain(bold);
  expect((await cli(["--no-color"], { isTty: true })).stdout).not.toContain(bold);
  expect((await cli([], { isTty: true, environment: { NO_COLOR: "1" } })).stdout).not.toContain(bold);
  expect((await cli([], { isTty: true, environment: { NO_COLOR: "" } })).stdout).toContain(bold);
  expect((await cli([], { isTty: true, environment: { TERM: "dumb" } })).stdout).not.toContain(bold);
});

test("--version is one line; version says more", async () => {
  expect(await cli(["--version"])).toEqual({ exitCode: 0, stdout: "openclaw 1.2.3\n", stderr: "" });
  expect((await cli(["version"])).stdout).toContain(`openclaw 1.2.3 (abc1234)\nbun ${Bun.version}`);
  expect(JSON.parse((await cli(["version", "--json"])).stdout)).toMatchObject({
    version: "1.2.3",
    commit: "abc1234",
    bun: Bun.version,
    protocols: { "JSON-RPC": "2.0" },
    schemas: { events: 1 },
  });
});

test("a misuse says on stderr what is wrong and what to do, and ends with 2", async () => {
  expect(await cli(["statsu"])).toEqual({
    exitCode: 2,
    stdout: "",
    stderr: "error: There is no command “statsu”.\nDid you mean `openclaw status`?\n",
  });
});

test("with --json a failure is one document on stdout, a misuse too", async () => {
  const misused = await cli(["status", "--json", "--nope"]);
  expect(misused).toMatchObject({ exitCode: 2, stderr: "" });
  expect(JSON.parse(misused.stdout)).toEqual({
    ok: false,
    error: { type: "usage", message: expect.stringContaining("There is no option --nope") },
  });
  expect((await cli(["zzz", "--", "--json"])).stdout).toBe("");
});

test("a bug is shown with its stack, and called one", async () => {
  const { exitCode, stdout, stderr } = await cli(["gateway", "run"], {
    runGateway: () => Promise.reject(new TypeError("undefined is not a door")),
  });
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
  expect(stderr).toContain("undefined is not a door");
  expect(stderr).toContain("commands.test.ts");
  expect(stderr).toContain("This is a bug");
});

test("nothing is wrong when the reader has gone: `openclaw … | head`", async () => {
  const run = await cli(["version"], {
    writeToStdout: () => Promise.reject(Object.assign(new Error("gone"), { code: "EPIPE" })),
  });
  expect(run).toEqual({ exitCode: 0, stdout: "", stderr: "" });
});

test("gateway run hands its flags on as settings", async () => {
  const seen: unknown[] = [];
  const runGateway = (options: unknown) => {
    seen.push(options);
    return Promise.resolve(7);
  };
  const argv = ["gateway", "run", "--port", "0", "--auth", "none", "--set", "agent.name=a=b", "--config", "/x.toml"];
  expect((await cli(argv, { runGateway })).exitCode).toBe(7);
  expect((await cli(["gateway", "run"], { runGateway })).exitCode).toBe(7);
  expect(seen).toEqual([
    { flags: { "gateway.port": "0", "gateway.auth.mode": "none", "agent.name": "a=b" }, file: "/x.toml" },
    { flags: {} },
  ]);
  expect((await cli(["gateway", "run", "--set", "port"], { runGateway })).exitCode).toBe(2);
});

test("asking for the version or for help loads neither schemas nor a client", () => {
  const version = load("--version");
  expect(version.printed).toEqual(["openclaw 9.9.9\n"]);
  expect(version.loaded.filter(isHeavy)).toEqual([]);
  expect(load("help", "chat").loaded.filter(isHeavy)).toEqual([]);
  // The guard sees: a client command does load them.
  expect(load("status").loaded.filter(isHeavy)).toContainEqual(expect.stringContaining("typebox"));
});

function load(...argv: string[]): { printed: string[]; loaded: string[] } {
  const entry = join(import.meta.dir, "../../support/loaded-modules.ts");
  return JSON.parse(Bun.spawnSync([process.execPath, entry, ...argv], { stdout: "pipe" }).stdout.toString());
}

function isHeavy(path: string): boolean {
  return /typebox|\/client\/|\/chat\/|src\/protocol|src\/config/.test(path);
}
