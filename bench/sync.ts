import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { tempFolder } from "../test/support/temp-folder.ts";
import { median } from "./figures.ts";

/** What one sync of this disk costs, in milliseconds, in the folder where the state of the peers lies. */
export function syncMs(): number {
  using folder = tempFolder();
  const fd = openSync(join(folder.path, "sync"), "w");
  const samples = Array.from({ length: 200 }, () => {
    const begin = performance.now();
    writeSync(fd, "x".repeat(4_096));
    fsyncSync(fd);
    return performance.now() - begin;
  });
  closeSync(fd);
  return median(samples);
}
