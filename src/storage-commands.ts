import type { Secret } from "#base";
import type { StorageCommands } from "#cli";
import { type Home, openConfig, prepareHome } from "#config";
import { fault } from "#protocol";
import { checkProjection } from "#sessions";
import {
  acquireLock,
  copyStorage,
  countStorage,
  type Inspection,
  inspectServer,
  inspectStorage,
  readStorageUrl,
  type StoragePlace,
} from "#storage";
import { Settings } from "./settings.ts";

type InspectOptions = Parameters<StorageCommands["inspect"]>[0];
type CopyOptions = Parameters<StorageCommands["copyTo"]>[1];

interface Installation {
  readonly home: Home;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly file: string | undefined;
}

interface CopyInstallation extends Installation {
  readonly signal: AbortSignal;
  readonly onProgress: CopyOptions["onProgress"];
}

/** Refuses while a gateway runs, here or on one of the two databases. */
export async function copyTo(options: CopyInstallation, url: Secret): ReturnType<StorageCommands["copyTo"]> {
  const { home, signal, onProgress } = options;
  const from = configured(options);
  const to = placeOf(url, "--to");
  if (isSame(from, to)) throw fault.storageUnusable({ path: to.shown, problem: "it is the storage of the settings" });
  prepareHome(home);
  using lock = hold(home);
  const rows = await copyStorage({ from, to, databasePath: lock.databasePath, signal, onProgress });
  return { from: from.shown, to: to.shown, rows: Object.fromEntries(rows) };
}

export async function count(options: Installation): ReturnType<StorageCommands["count"]> {
  const place = configured(options);
  const rows = await countStorage(place, options.home.database);
  const where = place.backend === "sqlite" ? options.home.database : place.shown;
  return { backend: place.backend, where, rows: Object.fromEntries(rows) };
}

export async function inspect(
  options: Installation & { readonly signal: AbortSignal } & Pick<InspectOptions, "onProgress">,
): ReturnType<StorageCommands["inspect"]> {
  const place = configured(options);
  const { signal, onProgress } = options;
  const { where, inspection } = await inspectionOf(place, options.home, { signal, onProgress });
  const { findings, found, counts } = inspection;
  return { where, findings, found, counts: { ...counts } };
}

async function inspectionOf(
  place: StoragePlace,
  home: Home,
  options: { readonly signal: AbortSignal } & Pick<InspectOptions, "onProgress">,
): Promise<{ readonly where: string; readonly inspection: Inspection }> {
  switch (place.backend) {
    case "sqlite": {
      const path = home.database;
      return { where: path, inspection: await inspectStorage({ path, checkProjection, ...options }) };
    }
    case "postgres":
      return { where: place.shown, inspection: await inspectServer(place, options) };
    case "memory":
      throw fault.storageUnusable({ path: place.shown, problem: "what a process keeps in memory ends with it" });
  }
}

function configured({ home, environment, file }: Installation): StoragePlace {
  const { settings } = openConfig({ schema: Settings, home, environment, flags: {}, file });
  return placeOf(settings.storage.url, "storage.url");
}

function placeOf(url: Secret, path: string): StoragePlace {
  const read = readStorageUrl(url);
  if (read.ok) return read.place;
  throw fault.configInvalid({ problem: `${path}: ${read.because}.` });
}

/** Two ways to write one server's name are found by the lock of the database. */
function isSame(a: StoragePlace, b: StoragePlace): boolean {
  return a.backend === b.backend && a.shown === b.shown;
}

function hold(home: Home): Disposable & { readonly databasePath: string } {
  const lock = acquireLock(home.lock);
  if (!lock.held)
    throw fault.alreadyRunning({
      home: home.root,
      pid: lock.pid ?? "unknown",
      advice: "copy the storage of another home",
    });
  return { databasePath: home.database, [Symbol.dispose]: () => lock.release() };
}
