import type { Clock, Log } from "#base";
import { openSqlite } from "./sqlite/open-sqlite.ts";
import type { Storage } from "./storage.ts";
import type { StoragePlace } from "./storage-url.ts";

interface StorageOptions {
  readonly place: StoragePlace;
  /** The file that SQLite keeps, in a folder that exists. */
  readonly databasePath: string;
  readonly log: Log;
  readonly clock: Clock;
}

/** Opens the storage of the settings; backends other than SQLite are loaded when they are asked for. */
export async function openStorage({ place, databasePath, log, clock }: StorageOptions): Promise<Storage> {
  switch (place.backend) {
    case "sqlite":
      return openSqlite({ path: databasePath, log, clock });
    case "memory": {
      const { openMemory } = await import("./memory/open-memory.ts");
      return openMemory({ clock });
    }
    case "postgres": {
      const { openPostgres } = await import("./postgres/open-postgres.ts");
      return openPostgres({ url: place.url, place: place.shown, log, clock });
    }
  }
}
