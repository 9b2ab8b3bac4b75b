import { join } from "node:path";

const compiler = ["cc", "gcc", "clang", "tcc"].map((name) => Bun.which(name)).find((path) => path !== null);

/** Why nothing that needs the shim can be tried here; undefined where it can. In CI it must be possible. */
export const noShim: string | undefined =
  process.platform !== "linux"
    ? "LD_PRELOAD is for Linux"
    : compiler === undefined && !Bun.env["CI"]
      ? "there is no C compiler (cc, gcc, clang or tcc)"
      : undefined;

/** Compiles what stands between a process and its disk; `shim.c` says what it does. */
export function compileShim(folder: string): string {
  const library = join(folder, "shim.so");
  const source = join(import.meta.dir, "shim.c");
  const run = Bun.spawnSync([compiler ?? "cc", "-O1", "-shared", "-fPIC", "-o", library, source, "-ldl"]);
  if (run.exitCode !== 0) throw new Error(`the shim does not compile:\n${run.stderr.toString()}`);
  return library;
}
