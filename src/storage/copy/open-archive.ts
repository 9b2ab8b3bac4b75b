import { fault } from "#protocol";
import type { StoragePlace } from "../storage-url.ts";
import type { SourceArchive, TargetArchive } from "./archive.ts";
import { openPostgresSource, openPostgresTarget } from "./postgres-archive.ts";
import { openSqliteSource, openSqliteTarget } from "./sqlite-archive.ts";

interface Where {
  readonly place: StoragePlace;
  readonly databasePath: string;
}

export async function openSource({ place, databasePath }: Where, holds: boolean): Promise<SourceArchive> {
  switch (place.backend) {
    case "sqlite":
      return openSqliteSource(databasePath);
    case "postgres":
      return openPostgresSource(place, holds);
    case "memory":
      throw fault.storageUnusable({ path: place.shown, problem: "what a process keeps in memory ends with it" });
  }
}

export async function openTarget({ place, databasePath }: Where): Promise<TargetArchive> {
  switch (place.backend) {
    case "sqlite":
      return openSqliteTarget(databasePath);
    case "postgres":
      return openPostgresTarget(place);
    case "memory":
      throw fault.storageUnusable({ path: place.shown, problem: "what is put into memory ends with this command" });
  }
}
