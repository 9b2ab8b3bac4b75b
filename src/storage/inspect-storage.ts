import type { StoragePlace } from "./storage-url.ts";
import type { Inspection, InspectOptions } from "./inspect/inspect-database.ts";

export type { Finding } from "./inspect/finding.ts";
export type { Inspection, InspectionProgress, InspectOptions } from "./inspect/inspect-database.ts";
export type { ProjectionCheck } from "./inspect/projection-check.ts";

/** Looks for damage in a database of SQLite, also while a gateway writes it. Loaded when somebody asks. */
export async function inspectStorage(options: InspectOptions): Promise<Inspection> {
  const { inspectDatabase } = await import("./inspect/inspect-database.ts");
  return inspectDatabase(options);
}

/** The same for a database of PostgreSQL: its chains, seals and blobs, at one moment. */
export async function inspectServer(
  place: Extract<StoragePlace, { backend: "postgres" }>,
  options: Pick<InspectOptions, "onProgress" | "signal">,
): Promise<Inspection> {
  const [{ readPostgres }, { inspectRows }] = await Promise.all([
    import("./copy/postgres-archive.ts"),
    import("./inspect/inspect-rows.ts"),
  ]);
  return readPostgres(place, (rows) => inspectRows(rows, options));
}
