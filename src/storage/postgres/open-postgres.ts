import { hostname } from "node:os";
import type { Clock, Log, Secret } from "#base";
import { Fault, fault } from "#protocol";
import type { Storage } from "../storage.ts";
import { Claim } from "./claim.ts";
import { GroupWrite } from "./group-write.ts";
import { MarkedWrites } from "./marked-writes.ts";
import { prepareDatabase } from "./prepare-database.ts";
import { PostgresStorage } from "./postgres-storage.ts";
import { Server } from "./server.ts";
import { troubleOf } from "./trouble.ts";

const mostConnections = 4;

export interface PostgresOptions {
  readonly url: Secret;
  /** The URL as people may see it. */
  readonly place: string;
  readonly log: Log;
  readonly clock: Clock;
}

/**
 * Throws `storageUnusable` when the database cannot be reached, does not keep what it acknowledges, or was written by a
 * newer version; and `alreadyRunning` when another gateway writes there.
 */
export async function openPostgres({ url, place, log, clock }: PostgresOptions): Promise<Storage> {
  await using opened = new AsyncDisposableStack();
  try {
    const claim = await claimDatabase({ url, place, log });
    opened.adopt(claim, (held) => held.close());
    const server = opened.adopt(new Server({ url, mostConnections }), (pool) => pool.close());
    await prepareDatabase(server, place);
    const mark = await claim.announce(`${process.pid} on ${hostname()}`);
    const writes = new MarkedWrites({ server, clock, holder: claim.holder, mark });
    const groups = new GroupWrite({ server, claim, writes, log });
    claim.watch(() => groups.refuseWaiting());
    opened.move();
    return new PostgresStorage({ server, claim, writes, groups, clock, log });
  } catch (error) {
    if (error instanceof Fault) throw error;
    const problem = troubleOf(error)?.problem ?? "it cannot be opened";
    throw fault.storageUnusable({ path: place, problem }, error);
  }
}

async function claimDatabase(options: Omit<PostgresOptions, "clock">): Promise<Claim> {
  const { url, place, log } = options;
  const server: Server = new Server({ url, mostConnections: 1, onLost: () => claim.lose() });
  const claim = new Claim(server, log);
  try {
    if (await claim.acquire()) return claim;
    throw fault.alreadyRunning({
      home: `the database ${place}`,
      pid: await claim.otherProcess(),
      advice: "let storage.url name another database",
    });
  } catch (error) {
    await claim.close();
    throw error;
  }
}
