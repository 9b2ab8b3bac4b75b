import { join } from "node:path";

const file = join(import.meta.dir, "baseline.json");

/** Figures of the gateway by their names, as a full run had them when they were last written down. */
export interface Baseline {
  readonly date: string;
  readonly machine: string;
  readonly figures: Readonly<Record<string, number>>;
}

export async function readBaseline(): Promise<Baseline | undefined> {
  return (await Bun.file(file).exists()) ? Bun.file(file).json() : undefined;
}

export async function writeBaseline(baseline: Baseline): Promise<void> {
  await Bun.write(file, `${JSON.stringify(baseline, null, 2)}\n`);
}
