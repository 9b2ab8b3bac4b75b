import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync } from "node:fs";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dir, "../..");
const folder = mkdtempSync(join(tmpdir(), "openclaw-build-"));
const outdir = join(folder, "dist");
const executable = join(outdir, "openclaw-linux-x86_64");
const hostile = join(folder, "hostile");
afterAll(() => rm(folder, { recursive: true, force: true }));

beforeAll(async () => {
  await mkdir(hostile);
  const files = {
    "main.ts": `
      class Remembered {}
      const later = await import("./later.ts");
      if (process.argv[2]) later.fail();
      console.log(JSON.stringify({
        commit: typeof BUILD_COMMIT === "string" ? BUILD_COMMIT : null,
        className: Remembered.name,
        fromDotenv: process.env.FROM_DOTENV ?? null,
        fromPreload: globalThis.preloaded ?? null,
      }));`,
    "later.ts": `\n\nexport function fail(): never { throw new Error("on line three"); }`,
    "hostile/.env": "FROM_DOTENV=yes",
    "hostile/bunfig.toml": 'preload = ["./evil.ts"]',
    "hostile/evil.ts": 'globalThis.preloaded = "yes"; require("node:fs").writeFileSync("pwned", "");',
    "hostile/tsconfig.json": '{ "compilerOptions": { "paths": { "*": ["./evil.ts"] } } }',
    "hostile/package.json": '{ "imports": { "#*": "./evil.ts" } }',
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  await mkdir(outdir);
  await writeFile(executable, "an old one");
  const built = build();
  expect(built.stderr).toBe("");
  expect(built.exitCode).toBe(0);
}, 60_000);

function build(entry = "main.ts") {
  const script = join(root, "scripts/build.ts");
  const run = Bun.spawnSync(
    [process.execPath, script, "--target", "linux", "--entry", join(folder, entry), "--outdir", outdir],
    { cwd: root },
  );
  return { exitCode: run.exitCode, stderr: run.stderr.toString() };
}

function start(...args: string[]) {
  const run = Bun.spawnSync([executable, ...args], { cwd: hostile });
  return { stdout: run.stdout.toString(), stderr: run.stderr.toString() };
}

const isLinux = process.platform === "linux" && process.arch === "x64";

test.if(isLinux)("the executable takes nothing from the folder that it is started in", () => {
  expect(JSON.parse(start().stdout)).toMatchObject({ fromDotenv: null, fromPreload: null });
  expect(existsSync(join(hostile, "pwned"))).toBeFalse();
});

test.if(isLinux)("the trap works: an executable built without care falls into it", async () => {
  const outfile = join(folder, "careless");
  await Bun.build({
    entrypoints: [join(folder, "main.ts")],
    target: "bun",
    format: "esm",
    compile: { outfile },
  });
  const run = Bun.spawnSync([outfile], { cwd: hostile });
  expect(JSON.parse(run.stdout.toString())).toMatchObject({ fromDotenv: "yes", fromPreload: "yes" });
  expect(existsSync(join(hostile, "pwned"))).toBeTrue();
});

test.if(isLinux)("it knows its commit, and keeps the names of classes", () => {
  const head = Bun.spawnSync(["git", "rev-parse", "--short=12", "HEAD"], { cwd: root, stderr: "ignore" });
  const commit = head.exitCode === 0 ? expect.stringContaining(head.stdout.toString().trim()) : null;
  expect(JSON.parse(start().stdout)).toMatchObject({ commit, className: "Remembered" });
});

test.if(isLinux)("an error tells its place in the source", () => {
  expect(start("fail").stderr).toMatch(/later\.ts:3:\d+/);
});

test("the executable is all that is left of a build", async () => {
  expect(await readdir(outdir)).toEqual(["openclaw-linux-x86_64"]);
});

test("a build that fails leaves no executable of before", async () => {
  expect(build("missing.ts").exitCode).not.toBe(0);
  expect(await readdir(outdir)).toEqual([]);
});
