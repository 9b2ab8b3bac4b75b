import { type Static, Type } from "@sinclair/typebox";

/** What a backup says of itself: `manifest.json`, its first entry. */
export const Manifest = Type.Object({
  format: Type.Literal("openclaw-backup"),
  formatVersion: Type.Literal(1),
  createdAt: Type.String(),
  version: Type.String({ description: "Of the program that made it." }),
  schema: Type.Integer(),
  hasSecrets: Type.Boolean(),
  /** The settings, by the name of their entry. */
  settings: Type.Optional(Type.String()),
  counts: Type.Object({ sessions: Type.Integer(), events: Type.Integer(), blobs: Type.Integer() }),
  /** How much of the database was not as it had been written when the backup was made; absent when nothing was. */
  damaged: Type.Optional(Type.Integer({ minimum: 1 })),
  /** Every entry but this one. */
  files: Type.Array(
    Type.Object({
      name: Type.String(),
      bytes: Type.Integer({ minimum: 0 }),
      sha256: Type.String({ pattern: "^[0-9a-f]{64}$" }),
    }),
  ),
});
export type Manifest = Static<typeof Manifest>;

export const manifestName = "manifest.json";
export const databaseName = "openclaw.db";
/** One line a session: id, seq and hash of the last event. */
export const headsName = "heads.jsonl";
export const settingsFolder = "settings/";
export const secretsFolder = "secrets/";

export const mostManifestBytes = 1024 * 1024;
