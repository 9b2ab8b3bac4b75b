/**
 * Measures the promises of this build against the floor in the same run, and prints them as a table beside what they were.
 * `OPENCLAW_BENCH=quick` takes a short look. As an argument, `micro` measures single functions instead, and `baseline`
 * writes the figures down, for later runs to compare with.
 */
import { cpus } from "node:os";
import { startFakeModel } from "../test/support/fake-model.ts";
import { readBaseline, writeBaseline } from "./baseline.ts";
import { openPeers } from "./peers.ts";
import { efforts, type Figure } from "./row.ts";
import { rows } from "./rows/index.ts";
import { syncMs } from "./sync.ts";
import { type Line, table } from "./table.ts";

if (Bun.argv.includes("micro")) {
  await import("./micro/index.ts");
} else {
  await macro();
}

async function macro(): Promise<void> {
  const effort = efforts[Bun.env["OPENCLAW_BENCH"] === "quick" ? "quick" : "full"];
  await using model = startFakeModel({ script: () => ({ parts: ["Hello ", "there."] }), remember: 0 });
  const peers = await openPeers(model.url);
  const machine = { syncMs: syncMs() };
  const measured = new Map<string, Partial<Record<"gateway" | "floor", Figure>>>();
  const broken: unknown[] = [];
  for (const row of rows) {
    for (const peer of peers) {
      const figures = await row(peer, effort, machine).catch((error: unknown) => {
        broken.push(error);
        return [];
      });
      for (const figure of figures) {
        measured.set(figure.what, { ...measured.get(figure.what), [peer.name]: figure });
      }
    }
  }
  const lines = [...measured.values()].flatMap(({ gateway, floor }): Line[] =>
    gateway ? [{ gateway, floor: floor?.value }] : [],
  );
  const baseline = await readBaseline();
  console.log(table(lines, baseline?.figures ?? {}));
  console.log(`\nOne sync of this disk takes ${machine.syncMs.toFixed(2)} ms; a turn has two.`);
  if (baseline) console.log(`The baseline is of ${baseline.date}, on ${baseline.machine}.`);
  // What was measured is worth seeing all the same.
  if (broken.length > 0) throw new AggregateError(broken, `${broken.length} rows broke`);
  if (Bun.argv.includes("baseline")) await write(lines);
}

async function write(lines: readonly Line[]): Promise<void> {
  const figures = Object.fromEntries(lines.map(({ gateway }) => [gateway.what, Number(gateway.value.toPrecision(3))]));
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim() ?? "unknown"}`;
  await writeBaseline({ date: new Date().toISOString().slice(0, 10), machine, figures });
}
