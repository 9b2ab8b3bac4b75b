import { join } from "node:path";

export const SRC = join(import.meta.dir, "../../src");

// Bun.Transpiler.scanImports forgets type-only imports, and those bind rooms too.
const importPattern =
  /^\s*(?:import|export)\s+(type\s)?[^"';]*?from\s+"([^"]+)"|\bimport\(\s*()"([^"]+)"|^import\s+()"([^"]+)"/gm;

export interface Import {
  readonly specifier: string;
  readonly typeOnly: boolean;
}

export interface SourceFile {
  readonly room: string;
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

/** Every TypeScript file inside a room. */
export function readSources(): Promise<SourceFile[]> {
  return read("*/**/*.{ts,tsx}");
}

/** The files beside the rooms (`main.ts`, `app.ts`, `settings.ts`): they may enter any room, and each stands for itself. */
export function readBeside(): Promise<SourceFile[]> {
  return read("*.ts");
}

async function read(pattern: string): Promise<SourceFile[]> {
  const files: SourceFile[] = [];
  for await (const path of new Bun.Glob(pattern).scan(SRC)) {
    const text = await Bun.file(join(SRC, path)).text();
    const imports = [...text.matchAll(importPattern)].map((m) => ({
      typeOnly: m[1] !== undefined,
      specifier: m[2] ?? m[4] ?? m[6] ?? "",
    }));
    files.push({ room: path.replace(/\/.*$/, ""), path, text, imports });
  }
  return files;
}
