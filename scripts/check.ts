/** Types, lint, format: each says what is wrong, and all are run before the first failure ends it. */
/** Run by `npm run check`. */
export const checks = [
  ["tsc", "-p", "."],
  ["oxlint", "--type-aware", "--tsconfig", "tsconfig.json", "--deny-warnings", "."],
  ["oxfmt", "--check", "."],
] as const;

const failed: string[] = [];
for (const [tool, ...args] of checks) {
  const run = Bun.spawnSync([process.execPath, "x", "--no-install", tool, ...args], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (run.exitCode !== 0) failed.push(tool);
}
if (failed.length > 0) {
  console.error(`failed: ${failed.join(", ")}`);
  process.exit(1);
}
console.log("types, lint and format are in order");
