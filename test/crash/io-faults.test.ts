import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { openSqliteFile, tempFolder } from "../support/storage.ts";
import { compileShim, noShim } from "./disk/shim.ts";

interface Outcome {
  readonly acknowledged: readonly string[];
  readonly refused: readonly string[];
  readonly isWhole: boolean;
  readonly exit: number | NodeJS.Signals | null;
  readonly said: string;
}

async function write(library: string, folder: string, fault: string): Promise<Outcome> {
  const [database, faultFile] = [join(folder, "state.db"), join(folder, "fault")];
  writeFileSync(faultFile, fault);
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "disk/fault-writer.ts"), database], {
    env: { PATH: "/usr/bin:/bin", LD_PRELOAD: library, SHIM_FILES: database, SHIM_FAULT: faultFile },
    stdout: "pipe",
    stderr: "pipe",
  });
  const [text, errors] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  await child.exited;
  const lines = text.split("\n");
  const ids = (word: string) =>
    lines.flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : []));
  return {
    acknowledged: ids("taken"),
    refused: ids("refused"),
    isWhole: lines.includes("closed"),
    exit: child.signalCode ?? child.exitCode,
    said: `${text}${errors}`,
  };
}

/** All events on disk; reading them verifies their chain. */
async function readAll(database: string): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  {
    await using storage = openSqliteFile(database);
    for (const session of await storage.sessions({ limit: 1_000 })) {
      for (const { id } of await storage.events(session.id, { limit: 10_000, take: "first" })) ids.add(id);
    }
  }
  const db = new Database(database, { readonly: true });
  const integrity = db.query<{ integrity_check: string }, []>("PRAGMA integrity_check").get();
  db.close();
  expect(integrity?.integrity_check).toBe("ok");
  return ids;
}

const kinds = ["EIO", "ENOSPC", "EROFS", "SHORT", "EINTR", "KILL"] as const;
/** Every one of the first calls, which make the file and its schema; then some of the others. */
const step = Bun.env["OPENCLAW_CRASH"] === "long" ? 3 : 59;

describe.skipIf(noShim !== undefined)(
  `a disk that fails${noShim === undefined ? "" : ` (not tried: ${noShim})`}`,
  () => {
    test.each(kinds)(
      "once with %s, at any of its calls, is not said to have taken what it has not",
      async (kind) => {
        using tools = tempFolder();
        const library = compileShim(tools.path);
        let refusals = 0;
        let tried = 0;
        for (let nth = 1; ; nth += nth < 16 ? 1 : step) {
          using folder = tempFolder();
          const outcome = await write(library, folder.path, `${nth} 3 ${kind}`);
          tried++;
          const where = `${kind} at call ${nth}: ${outcome.said}`;
          // It ends as it should, says in words why it cannot begin, or is dead because that was the fault.
          if (kind === "KILL") expect([0, "SIGKILL"], where).toContain(outcome.exit ?? "");
          else expect([0, 3], where).toContain(Number(outcome.exit));
          const there = await readAll(join(folder.path, "state.db"));
          expect(
            outcome.acknowledged.filter((id) => !there.has(id)),
            where,
          ).toEqual([]);
          expect(
            outcome.refused.filter((id) => there.has(id)),
            where,
          ).toEqual([]);
          refusals += outcome.refused.length + (outcome.exit === 0 ? 0 : 1);
          if (outcome.isWhole && outcome.refused.length === 0 && nth > 200) break;
        }
        expect(tried).toBeGreaterThan(16);
        if (kind !== "EINTR") expect(refusals).toBeGreaterThan(0);
      },
      300_000,
    );
  },
);
