import { fault } from "#protocol";
import { foundation, migrations, sealStep } from "./migrations.ts";
import { sealRows } from "./seal-rows.ts";
import type { Server } from "./server.ts";
import { writeFunction } from "./write-function.ts";

interface Traits {
  readonly encoding: string;
  readonly synchronous_commit: string;
  readonly fsync: string;
  readonly full_page_writes: string;
}

/** Holding the gateway's lock: refuses a server that forgets, then brings the schema to what this version knows. */
export async function prepareDatabase(server: Server, path: string): Promise<void> {
  const [traits] = await server.query<Traits>(
    `SELECT current_setting('server_encoding') AS encoding, current_setting('synchronous_commit') AS synchronous_commit,
       current_setting('fsync') AS fsync, current_setting('full_page_writes') AS full_page_writes`,
  );
  const problem = traits && problemOf(traits);
  if (problem !== undefined) throw fault.storageUnusable({ path, problem });
  await server.transaction(async (query) => {
    for (const statement of foundation) await query(statement);
    const [found] = await query<{ readonly step: number }>("SELECT schema_step::int AS step FROM openclaw.gateway");
    const step = found?.step ?? 0;
    if (step > migrations.length) {
      const newer = `it was written by a newer version (schema ${step}, this version knows ${migrations.length})`;
      throw fault.storageUnusable({ path, problem: newer });
    }
    for (const statement of migrations.slice(step).flat()) await query(statement);
    if (step < sealStep) await sealRows(query);
    if (step < migrations.length) await query("UPDATE openclaw.gateway SET schema_step = $1", [migrations.length]);
    await query(writeFunction);
  });
}

/** What is acknowledged must be on the server's disk, and texts must come back as they were. */
function problemOf({ encoding, synchronous_commit, fsync, full_page_writes }: Traits): string | undefined {
  if (encoding !== "UTF8") return `its encoding is ${encoding}, and must be UTF8`;
  if (!["on", "remote_apply"].includes(synchronous_commit))
    return `synchronous_commit is ${synchronous_commit}, so what is acknowledged could be lost; set it to on`;
  if (fsync !== "on" || full_page_writes !== "on")
    return "fsync or full_page_writes is off, so a crash of the server could destroy it; set both to on";
  return undefined;
}
