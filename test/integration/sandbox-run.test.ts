import { createLog, silentLog } from "#base";
import { openSandbox, SandboxError } from "#sandbox";
import { describe, expect, test } from "bun:test";
import { chmod, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type SandboxAtHand, sandboxAtHand, whyNoBubblewrap } from "../support/sandbox.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { until } from "../support/until.ts";

const reason = await whyNoBubblewrap();
const both = [
  ["on the host", "never", false],
  [`in bubblewrap${reason === undefined ? "" : ` (skipped: ${reason})`}`, "always", reason !== undefined],
] as const;

/** How many processes of this machine have this word in their arguments. */
async function alive(word: string): Promise<number> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")));
  return lines.filter((line) => line.includes(word)).length;
}

/** A number of seconds that no other sleep of this machine has. */
const uniqueSleep = () => `${300 + Math.floor(Math.random() * 1e6)}.${process.pid}`;

for (const [where, mode, skip] of both) {
  test.skipIf(skip)(`a workspace that is gone is told, and commands run again when it is back: ${where}`, async () => {
    await using at = await sandboxAtHand({ mode });
    await rm(at.workspace, { recursive: true });
    expect(await at.sandbox.status()).toMatchObject({ canRun: false });
    const refused = await at.sh("echo ran").catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(SandboxError);
    expect(String(refused)).toContain("the workspace folder is not there any more");
    expect(String(refused)).not.toContain("sandbox.mode");
    await mkdir(at.workspace);
    expect((await at.sh("echo ran")).output).toContain("ran");
  });

  describe.skipIf(skip)(where, () => {
    test("output of both streams comes mixed as it was written, with the exit code", async () => {
      await using at = await sandboxAtHand({ mode });
      const numbers = Array.from({ length: 40 }, (_, i) => i);
      const { output, ...result } = await at.sh(
        `for i in ${numbers.join(" ")}; do echo out $i; echo err $i >&2; done; exit 7`,
      );
      expect(output).toBe(numbers.map((i) => `out ${i}\nerr ${i}\n`).join(""));
      expect(result).toMatchObject({ exitCode: 7, endedBy: "exit", truncated: false, outputBytes: output.length });
    });

    test("arguments are passed as they are; what cannot be started says so", async () => {
      await using at = await sandboxAtHand({ mode });
      const odd = ["a b", "$HOME", "'\"", "", "-n", "ü\n"];
      const run = (argv: [string, ...string[]]) =>
        at.sandbox.run({ argv, timeoutMs: 5_000, keepBytes: 1_000 }, new AbortController().signal);
      expect((await run(["printf", "[%s]", ...odd])).output).toBe(odd.map((arg) => `[${arg}]`).join(""));
      const missing = await run(["no-such-program"]);
      expect([missing.exitCode, missing.endedBy]).toEqual([127, "exit"]);
      expect(missing.output).toContain("not found");
    });

    test("standard input is what was given, or empty", async () => {
      await using at = await sandboxAtHand({ mode });
      const run = (input: { stdin?: string }) =>
        at.sandbox.run({ argv: ["cat"], timeoutMs: 5_000, keepBytes: 1_000, ...input }, new AbortController().signal);
      expect((await run({ stdin: "grüße\n" })).output).toBe("grüße\n");
      expect(await run({})).toMatchObject({ output: "", exitCode: 0 });
    });

    test("nothing of our environment gets in", async () => {
      await using at = await sandboxAtHand({ mode });
      const hostile = [
        "LD_PRELOAD",
        "BASH_ENV",
        "ENV",
        "BUN_OPTIONS",
        "NODE_OPTIONS",
        "GIT_CONFIG_COUNT",
        "PYTHONPATH",
        "SSH_AUTH_SOCK",
        "OPENCLAW_TOKEN",
      ];
      for (const name of hostile) process.env[name] = "CANARY";
      try {
        const { output } = await at.sh("env | cut -d= -f1 | sort | tr '\\n' ' '");
        expect(output).toBe("HOME LANG PATH PWD TERM TZ ");
      } finally {
        for (const name of hostile) delete process.env[name];
      }
    });

    test("a timeout ends it, and all it started, also what ignores being asked", async () => {
      await using at = await sandboxAtHand({ mode });
      const nap = uniqueSleep();
      const result = await at.sh(`trap '' TERM; echo begun; sleep ${nap} & sleep ${nap}; sleep ${nap}`, {
        timeoutMs: 300,
      });
      expect(result).toMatchObject({ output: "begun\n", endedBy: "timeout" });
      expect(result.exitCode).toBeUndefined();
      expect(result.durationMs).toBeGreaterThanOrEqual(300);
      expect(result.durationMs).toBeLessThan(4_000);
      expect(await alive(nap)).toBe(0);
    });

    test("a cancel ends it at once; one before the start prevents it", async () => {
      await using at = await sandboxAtHand({ mode });
      const nap = uniqueSleep();
      const cancel = new AbortController();
      const running = at.sh(`touch started; sleep ${nap}`, { signal: cancel.signal });
      while (!(await Bun.file(join(at.workspace, "started")).exists())) await Bun.sleep(5);
      cancel.abort();
      expect(await running).toMatchObject({ endedBy: "cancelled" });
      expect(await alive(nap)).toBe(0);
      expect(await at.sh("touch never", { signal: cancel.signal })).toMatchObject({ endedBy: "cancelled", output: "" });
      expect(await Bun.file(join(at.workspace, "never")).exists()).toBeFalse();
    });

    test("what is left in the background is ended with the command", async () => {
      await using at = await sandboxAtHand({ mode });
      const nap = uniqueSleep();
      expect(await at.sh(`sleep ${nap} & echo done`)).toMatchObject({ output: "done\n", exitCode: 0, endedBy: "exit" });
      expect(await alive(nap)).toBe(0);
    });

    test("of a flood, the beginning and the end are kept, and memory stays where it was", async () => {
      await using at = await sandboxAtHand({ mode });
      await at.sh("true");
      Bun.gc(true);
      const before = process.memoryUsage.rss();
      const result = await at.sh("echo first; yes grüße | head -c 40000000; echo; echo last", { keepBytes: 4_000 });
      expect(result).toMatchObject({ truncated: true, outputBytes: 40_000_012, endedBy: "exit", exitCode: 0 });
      expect(result.output.length).toBeLessThan(4_100);
      expect(result.output).toStartWith("first\ngrüße\n");
      expect(result.output).toEndWith("last\n");
      expect(result.output).not.toContain("\uFFFD");
      expect((process.memoryUsage.rss() - before) / 2 ** 20).toBeLessThan(40);
    });

    test("who never stops writing is ended", async () => {
      await using at = await sandboxAtHand({ mode });
      const result = await at.sh("yes", { timeoutMs: 20_000 });
      expect(result.endedBy).toBe("outputLimit");
      expect(result.outputBytes).toBeGreaterThan(64 * 2 ** 20);
      expect(result.outputBytes).toBeLessThan(512 * 2 ** 20); // what was in the pipe when it was ended is read, too
    });

    test("closing ends what runs, and nothing is run afterwards", async () => {
      await using at = await sandboxAtHand({ mode });
      const nap = uniqueSleep();
      const running = at.sh(`touch started; sleep ${nap}`);
      while (!(await Bun.file(join(at.workspace, "started")).exists())) await Bun.sleep(5);
      await at.sandbox[Symbol.asyncDispose]();
      expect(await alive(nap)).toBe(0);
      expect(await running).toMatchObject({ endedBy: "cancelled" });
      await expect(at.sh("true")).rejects.toThrow("stopping");
    });

    test("many at once do not get in each other's way", async () => {
      await using at = await sandboxAtHand({ mode });
      const results = await Promise.all(Array.from({ length: 12 }, (_, i) => at.sh(`echo ${i}; exit ${i}`)));
      expect(results.map(({ output, exitCode }) => [output.trim(), exitCode])).toEqual(
        results.map((_, i) => [String(i), i]),
      );
    });

    test("no descriptor is left open", async () => {
      await using at = await sandboxAtHand({ mode });
      await at.sh("true");
      const before = (await readdir("/proc/self/fd")).length;
      for (let i = 0; i < 20; i++) await at.sh("true");
      // Others in this process open and close theirs; one left by each run would stay.
      await until("what was opened to be closed", async () => (await readdir("/proc/self/fd")).length < before + 10);
    });
  });
}

test.skipIf(reason !== undefined)(
  "in bubblewrap, a daemon that left every group and closed every stream is dead too",
  async () => {
    await using at = await sandboxAtHand();
    const nap = uniqueSleep();
    const daemon = `setsid sh -c 'setsid sleep ${nap} >/dev/null 2>&1 </dev/null &' >/dev/null 2>&1 </dev/null &`;
    for (const end of ["exit 0", "sleep 100"]) {
      await at.sh(`${daemon} sleep 0.1; ${end}`, { timeoutMs: 500 });
      expect(await alive(nap)).toBe(0);
    }
  },
);

test.skipIf(reason !== undefined)(
  "a bubblewrap of 2019 (0.4, Ubuntu 20.04) is asked for nothing that it does not know",
  async () => {
    await using folder = await tempFolder();
    const bwrap = join(folder.path, "bwrap");
    const newer = "--disable-userns|--size|--perms|--clearenv|--chmod|--bind-fd|--userns|--overlay";
    await writeFile(
      bwrap,
      `#!/bin/sh
    [ "$1" = --help ] && exit 0
    for arg; do case "$arg" in ${newer}) echo "bwrap: Unknown option $arg" >&2; exit 1;; sh) break;; esac; done
    exec /usr/bin/bwrap "$@"`,
    );
    await chmod(bwrap, 0o755);
    await using at = await sandboxAtHand({ bwrap });
    expect(await at.sandbox.status()).toMatchObject({ canRun: true });
    expect((await at.sh("unshare -Ur true 2>/dev/null && echo userns; echo ran")).output).toBe("ran\n");
  },
);

describe("fail closed", () => {
  const cases: readonly (readonly [string, string | undefined, string])[] = [
    ["bubblewrap is not there", undefined, "does not start"],
    [
      "bubblewrap cannot make namespaces",
      "#!/bin/sh\n[ \"$1\" = --help ] && exit 0\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n",
      "No permissions",
    ],
    ["bubblewrap runs nothing, and says nothing", '#!/bin/sh\n[ "$1" = --help ] && exit 0\nexit 3\n', "exit code 3"],
  ];
  test.each(cases)("when %s, commands are refused and nothing is run", async (_why, script, because) => {
    await using folder = await tempFolder();
    const bwrap = join(folder.path, "bwrap");
    if (script !== undefined) {
      await writeFile(bwrap, script);
      await chmod(bwrap, 0o755);
    }
    const lines: string[] = [];
    const log = createLog({ level: "warn", write: (line) => lines.push(line) });
    await using at = await sandboxAtHand({ bwrap, log });
    const status = await at.sandbox.status();
    expect(status).toMatchObject({ backend: "bubblewrap", canRun: false });
    expect(status.because).toContain(because);
    expect(status.because).toContain("sandbox.mode");
    await expect(at.sh("touch ran")).rejects.toBeInstanceOf(SandboxError);
    expect(await readdir(at.workspace)).toEqual([]);
    expect(lines).toHaveLength(1);
  });

  test.skipIf(reason !== undefined)("a sandbox that breaks later refuses, and does not blame the program", async () => {
    await using folder = await tempFolder();
    const bwrap = join(folder.path, "bwrap");
    await symlink("/usr/bin/bwrap", bwrap);
    await using at = await sandboxAtHand({ bwrap });
    expect((await at.sh("echo ran")).output).toBe("ran\n");
    await rename(at.workspace, join(folder.path, "moved"));
    await writeFile(at.workspace, "no folder");
    await expect(at.sh("true")).rejects.toThrow("could not be set up");
    await rm(at.workspace);
    await rename(join(folder.path, "moved"), at.workspace);
    await rm(bwrap);
    await expect(at.sh("true")).rejects.toBeInstanceOf(SandboxError);
  });

  test.each(["/", "/usr", "/etc", "/proc", "/tmp", "/home"])("%s itself is no workspace", async (workspace) => {
    await using at = await sandboxAtHand({ workspace });
    expect(await at.sandbox.status()).toMatchObject({ canRun: false });
  });

  test("nor is the gateway's state, or a folder that is not there", async () => {
    await using at = await sandboxAtHand();
    await using same = await sandboxAtHand({ workspace: at.stateDir, stateDir: at.stateDir });
    expect((await same.sandbox.status()).canRun).toBeFalse();
    const options = { mode: "always", network: false, stateDir: at.stateDir, log: silentLog } as const;
    await expect(openSandbox({ ...options, workspace: join(at.workspace, "missing") })).rejects.toThrow("ENOENT");
  });
});

test("without a sandbox the status says so plainly", async () => {
  await using at: SandboxAtHand = await sandboxAtHand({ mode: "never" });
  expect(await at.sandbox.status()).toMatchObject({ backend: "none", canRun: true });
  expect((await at.sandbox.status()).because).toContain("all that the gateway's user may do");
  await mkdir(join(at.workspace, "x"));
  expect((await at.sh("pwd; ls")).output).toBe(`${at.workspace}\nx\n`);
});
