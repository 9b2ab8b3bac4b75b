import { Secret } from "#base";
import type { BackupCommands } from "#cli";
import { type Home, openConfig, prepareHome } from "#config";
import { fault } from "#protocol";
import { checkProjection } from "#sessions";
import { acquireLock, type BackupFile, backups, readStorageUrl } from "#storage";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { Settings } from "./settings.ts";

interface Installation {
  readonly home: Home;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly version: string;
}

const mostSecretBytes = 1024 * 1024;

/** One moment of a home as one file; the gateway may go on writing. */
export async function createBackup(
  { home, environment, version, signal }: Installation,
  { file, withSecrets, settingsFile, onProgress }: Parameters<BackupCommands["create"]>[0],
): ReturnType<BackupCommands["create"]> {
  const config = openConfig({
    schema: Settings,
    home,
    environment,
    flags: {},
    file: settingsFile,
    tolerates: "absentVariables",
  });
  const place = readStorageUrl(config.settings.storage.url);
  if (!place.ok || place.place.backend !== "sqlite")
    throw fault.backupUnusable({
      file,
      problem: "the sessions are not in SQLite; use the server's own tool (pg_dump), or `storage migrate`",
    });
  const text = existsSync(config.file) ? readFileSync(config.file, "utf8") : undefined;
  const isOpen = text !== undefined && secretsIn(config.settings).some((secret) => text.includes(secret));
  const isLeftOut = isOpen && !withSecrets;
  const { manifest, damage } = await backups.create({
    databasePath: home.database,
    file,
    version,
    now: Date.now(),
    settings: text === undefined || isLeftOut ? undefined : { name: basename(config.file), text },
    secrets: withSecrets ? secretFiles(home) : undefined,
    checkProjection,
    signal,
    onProgress,
  });
  const warnings = [
    ...(isLeftOut
      ? [`${config.file} holds a secret in plain text, so it was left out; --with-secrets takes it along`]
      : []),
    ...warningOf(damage, "`openclaw doctor storage` says what to do"),
  ];
  return {
    file,
    bytes: statSync(file).size,
    counts: manifest.counts,
    entries: manifest.files.map(({ name }) => name),
    warnings,
  };
}

export async function verifyBackup(
  { signal }: Installation,
  { file, onProgress }: Parameters<BackupCommands["verify"]>[0],
): ReturnType<BackupCommands["verify"]> {
  const { manifest, damage } = await backups.verify({ file, checkProjection, signal, onProgress });
  const { createdAt, version, hasSecrets, counts, files } = manifest;
  const warnings = warningOf(damage, "it was so when the backup was made");
  return { createdAt, version, hasSecrets, counts, entries: files.map(({ name }) => name), warnings };
}

/** Refuses while a gateway runs. */
export async function restoreBackup(
  { home, signal }: Installation,
  { file, replaces, onProgress }: Parameters<BackupCommands["restore"]>[0],
): ReturnType<BackupCommands["restore"]> {
  prepareHome(home);
  const lock = acquireLock(home.lock);
  if (!lock.held)
    throw fault.alreadyRunning({ home: home.root, pid: lock.pid ?? "unknown", advice: "restore into another home" });
  try {
    const { restored, aside, manifest, damage } = await backups.restore({
      file,
      replaces,
      databasePath: home.database,
      settingsPath: join(home.root, "openclaw.toml"),
      secretPath: (name) => secretPath(home, name),
      checkProjection,
      signal,
      onProgress,
      now: Date.now(),
    });
    const warnings = warningOf(damage, "it was so when the backup was made");
    return { home: home.root, restored, counts: manifest.counts, warnings, ...(aside !== undefined && { aside }) };
  } finally {
    lock.release();
  }
}

function warningOf(damage: string | undefined, more: string): readonly string[] {
  return damage === undefined ? [] : [`a part of what is in the backup is damaged (${damage}); ${more}`];
}

/** What stands in plain text wherever these settings came from. Where the sessions are is no secret here. */
function secretsIn({ storage: _storage, ...settings }: Settings): readonly string[] {
  const found: string[] = [];
  const walk = (value: unknown): void => {
    if (value instanceof Secret) found.push(value.reveal());
    else if (typeof value === "object" && value !== null) Object.values(value).forEach(walk);
  };
  walk(settings);
  return found.filter((secret) => secret !== "");
}

/** The token, what the tokens of devices are made with, and the stored credentials. */
function secretFiles(home: Home): readonly BackupFile[] {
  const own = [home.token, home.deviceKey].filter((path) => existsSync(path));
  const stored = existsSync(home.credentials) ? readdirSync(home.credentials, { withFileTypes: true }) : [];
  const credentials = stored.filter((entry) => entry.isFile()).map((entry) => join(home.credentials, entry.name));
  return [...own, ...credentials].map((path) => {
    if (statSync(path).size > mostSecretBytes)
      throw fault.backupUnusable({ file: path, problem: "it is too large for a secret" });
    const folder = own.includes(path) ? "" : "credentials/";
    return { name: `${folder}${basename(path)}`, text: readFileSync(path, "utf8") };
  });
}

function secretPath(home: Home, name: string): string | undefined {
  const own = [home.token, home.deviceKey].find((path) => basename(path) === name);
  if (own !== undefined) return own;
  return name.startsWith("credentials/") ? join(home.credentials, basename(name)) : undefined;
}
