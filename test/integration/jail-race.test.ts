import { JailError, openJail } from "#sandbox";
import { expect, test } from "bun:test";
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { tempFolder } from "../support/temp-folder.ts";

/**
 * Swaps the folder `d` and a link that leads out, and the file `f` and a link, as fast as it can. A write may make `d` anew
 * while it is away; that one is thrown away.
 */
const swapper = `
  const { renameSync, rmSync } = require("node:fs");
  const move = (from, to) => {
    for (;;) {
      try { return renameSync(from, to); } catch (error) { rmSync(to, { recursive: true, force: true }); }
    }
  };
  const swap = (a, b) => { move(a, "spare"); move(b, a); move("spare", b); };
  for (;;) { swap("d", "link"); swap("f", "filelink"); }
`;

test("nothing gets out while folders and files are swapped for links under its feet", async () => {
  using folder = tempFolder();
  const [root, outside] = [join(folder.path, "ws"), join(folder.path, "outside")];
  await mkdir(join(root, "d/deep"), { recursive: true });
  await mkdir(join(outside, "deep"), { recursive: true });
  for (const path of ["f", "d/f", "d/deep/f"]) await writeFile(join(root, path), "inside");
  for (const path of ["f", "deep/f"]) await writeFile(join(outside, path), "CANARY");
  await symlink(outside, join(root, "link"));
  await symlink(join(outside, "f"), join(root, "filelink"));

  const jail = await openJail(root);
  await using swapping = Bun.spawn([process.execPath, "-e", swapper], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
  });
  const seen = new Map<string, number>();
  const count = (what: string) => seen.set(what, (seen.get(what) ?? 0) + 1);
  const attempt = (act: () => Promise<string>) =>
    act().then(count, (error: unknown) => count(error instanceof JailError ? "refused" : String(error)));

  const stopAt = performance.now() + 2_000;
  for (let round = 0; performance.now() < stopAt && round < 10_000; round++) {
    for (const path of ["f", "d/f", "d/deep/f"]) {
      await attempt(async () => new TextDecoder().decode(await jail.read(path, 100)));
    }
    if (round % 4 === 0)
      await attempt(async () => `wrote ${(await jail.write("d/deep/new", new Uint8Array(1))).created}`);
    if (round % 4 === 2)
      await attempt(async () => `wrote ${(await jail.create(`d/deep/${round}`, new Uint8Array(1))).created}`);
    if (round % 16 === 0)
      await attempt(async () =>
        (await jail.list("d", { most: 10, skip: new Set() })).paths.length > 0 ? "listed" : "empty",
      );
  }
  expect(swapping.exitCode).toBeNull();
  swapping.kill("SIGKILL");
  await swapping.exited;

  const whats = [...seen.keys()];
  expect(whats).not.toContain("CANARY");
  expect(whats.filter((what) => !/^(inside|refused|wrote (true|false)|listed|empty)$/.test(what))).toEqual([]);
  expect((await readdir(outside, { recursive: true })).toSorted()).toEqual(["deep", "deep/f", "f"]);
  expect(await readFile(join(outside, "f"), "utf8")).toBe("CANARY");
  // Both were met, so the swapping did happen.
  expect(Math.min(seen.get("inside") ?? 0, seen.get("refused") ?? 0)).toBeGreaterThan(50);
}, 20_000);
