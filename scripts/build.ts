/**
 * Builds the executables into `dist`, each one file with the runtime in it:
 *
 *     npm run build -- [--target linux|windows|all] [--entry file] [--outdir folder]
 *
 * The runtime for another platform comes from the package registry, once.
 */
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";

const root = join(import.meta.dir, "..");

interface Target {
  readonly name: string;
  readonly runtime: Bun.Build.CompileTarget;
  readonly file: string;
}

const targets: readonly Target[] = [
  { name: "linux", runtime: "bun-linux-x64", file: "openclaw-linux-x86_64" },
  { name: "windows", runtime: "bun-windows-x64", file: "openclaw-windows-x86_64.exe" },
];

const bundling = {
  format: "esm",
  target: "bun",
  // Identifiers stay: libraries take an error's name from its class, and `keepNames` does not hold against renaming in
  // Bun 1.4.4 (https://github.com/oven-sh/bun/pull/40503). It does hold against dropping names that nothing refers to.
  minify: { whitespace: true, syntax: true, identifiers: false, keepNames: true },
  sourcemap: "linked",
  bytecode: true,
  splitting: true,
} as const satisfies Partial<Bun.BuildConfig>;

const { values } = parseArgs({
  args: Bun.argv.slice(2),
  options: {
    target: { type: "string", default: "all" },
    entry: { type: "string", default: join(root, "src/main.ts") },
    outdir: { type: "string", default: join(root, "dist") },
  },
});
const chosen = targets.filter(({ name }) => values.target === "all" || values.target === name);
if (chosen.length === 0) {
  console.error(`--target is one of: ${targets.map(({ name }) => name).join(", ")}, all`);
  process.exit(2);
}
await mkdir(values.outdir, { recursive: true });
const define = buildFacts();
for (const target of chosen) await build(target);

async function build({ runtime, file }: Target): Promise<void> {
  const startedAt = performance.now();
  const finished = join(values.outdir, file);
  // A build that fails must not leave what was there: it would pass for the new one.
  await rm(finished, { force: true });
  const folder = await mkdtemp(join(values.outdir, ".build-"));
  try {
    const outfile = join(folder, file);
    await Bun.build({ ...bundling, define, entrypoints: [values.entry], compile: compiling(runtime, outfile) });
    await rename(outfile, finished);
  } finally {
    // With it go the source maps, one file a chunk: the executable has them in it.
    await rm(folder, { recursive: true, force: true });
  }
  const tookMs = Math.round(performance.now() - startedAt);
  console.log(`${finished}  ${(Bun.file(finished).size / 1_048_576).toFixed(1)} MiB  ${tookMs} ms`);
}

function compiling(target: Bun.Build.CompileTarget, outfile: string): Bun.CompileBuildOptions {
  return {
    target,
    outfile,
    // What runs once, at the start, is not worth compiling; `runGateway` goes back to the usual policy when it is ready.
    jitPolicy: 16,
    // By default Bun would run what `bunfig.toml` in the current folder names, and take variables from its `.env`.
    autoloadDotenv: false,
    autoloadBunfig: false,
    autoloadTsconfig: false,
    autoloadPackageJson: false,
  };
}

/** What the source reads as `BUILD_COMMIT`; absent outside a repository. */
function buildFacts(): Record<string, string> {
  const commit = gitCommit();
  return commit === undefined ? {} : { BUILD_COMMIT: JSON.stringify(commit) };
}

function gitCommit(): string | undefined {
  if (!Bun.which("git")) return undefined;
  const head = git("rev-parse", "--short=12", "HEAD");
  if (head.exitCode !== 0) return undefined;
  const isChanged = git("status", "--porcelain", "--untracked-files=no").stdout.byteLength > 0;
  return `${head.stdout.toString().trim()}${isChanged ? "+changes" : ""}`;
}

function git(...args: string[]) {
  return Bun.spawnSync(["git", ...args], { cwd: root, stderr: "ignore" });
}
