import type { CreateBackupOptions, CreatedBackup } from "./backup/create-backup.ts";
import type { Restored, RestoreOptions } from "./backup/restore-backup.ts";
import type { VerifiedBackup, VerifyOptions } from "./backup/verify-backup.ts";

export type { BackupFile } from "./backup/create-backup.ts";

/** One file that holds a database of SQLite and what a home needs beside it. Each part is loaded when somebody asks. */
export const backups = {
  async create(options: CreateBackupOptions): Promise<CreatedBackup> {
    const { createBackup } = await import("./backup/create-backup.ts");
    return createBackup(options);
  },

  /** Unpacks it beside the file, and takes that away again. */
  async verify(options: Omit<VerifyOptions, "folder">): Promise<VerifiedBackup> {
    const [{ verifyBackup }, { workFolder }] = await Promise.all([
      import("./backup/verify-backup.ts"),
      import("./backup/create-backup.ts"),
    ]);
    using work = workFolder(options.file);
    return await verifyBackup({ ...options, folder: work.path });
  },

  async restore(options: RestoreOptions): Promise<Restored> {
    const { restoreBackup } = await import("./backup/restore-backup.ts");
    return restoreBackup(options);
  },
};
