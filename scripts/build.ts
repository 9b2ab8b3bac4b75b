/**
 * Builds the executables into `dist`, each one file with the runtime in it:
 *
 *     npm run build -- [--target linux|windows|all] [--entry file] [--outdir folder]
 *
 * The runtime for another platform comes from the package registry, once. On Linux the gateway is built twice: the first one
 * works for a moment, to find out which bytecode belongs together.
 */
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { recordBytecodeOrder } from "./bytecode-order.ts";
import { leaveOutFailPoints } from "./leave-out-fail-points.ts";

const root = join(import.meta.dir, "..");
const main = join(root, "src/main.ts");

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
  plugins: [leaveOutFailPoints],
} as const satisfies Partial<Bun.BuildConfig>;

const { values } = parseArgs({
  args: Bun.argv.slice(2),
  options: {
    target: { type: "string", default: "all" },
    entry: { type: "string", default: main },
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
// A build that fails must not leave what was there: it would pass for the new one.
for (const { file } of chosen) await rm(join(values.outdir, file), { force: true });
const scratch = await mkdtemp(join(values.outdir, ".build-"));
try {
  const order = values.entry === main ? await bytecodeOrder(scratch) : undefined;
  for (const target of chosen) await build(target, order);
} finally {
  // With it go the source maps, one file a chunk: the executable has them in it.
  await rm(scratch, { recursive: true, force: true });
}

/** Undefined where no target of ours runs. */
async function bytecodeOrder(folder: string): Promise<string | undefined> {
  const here = targets.find(({ runtime }) => runtime === `bun-${process.platform}-${process.arch}`);
  if (!here) return undefined;
  const outfile = join(folder, `first-${here.file}`);
  await bundle(here, outfile, undefined);
  return recordBytecodeOrder(outfile, folder);
}

async function build(target: Target, order: string | undefined): Promise<void> {
  const startedAt = performance.now();
  const finished = join(values.outdir, target.file);
  const outfile = join(scratch, target.file);
  await bundle(target, outfile, order);
  await rename(outfile, finished);
  const tookMs = Math.round(performance.now() - startedAt);
  console.log(`${finished}  ${(Bun.file(finished).size / 1_048_576).toFixed(1)} MiB  ${tookMs} ms`);
}

async function bundle(target: Target, outfile: string, order: string | undefined): Promise<void> {
  await Bun.build({ ...bundling, define, entrypoints: [values.entry], compile: compiling(target, outfile, order) });
}

function compiling({ runtime }: Target, outfile: string, order: string | undefined): Bun.CompileBuildOptions {
  return {
    target: runtime,
    outfile,
    ...(order !== undefined && { bytecodeOrder: order }),
    // What runs once, at the start, is not worth compiling: with 16, what the compilers touch is 3 MB of the memory of an
    // idle gateway. `runGateway` sets another policy when it is ready.
    jitPolicy: 100,
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
