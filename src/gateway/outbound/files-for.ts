import type { OutboundFile } from "#channels";
import { Fault } from "#protocol";
import type { OutboxFile, Storage } from "#storage";

/** The files of a row with their bytes; or why they cannot be had any more. */
export async function filesFor(
  storage: Pick<Storage, "blob">,
  files: readonly OutboxFile[],
): Promise<readonly OutboundFile[] | { readonly problem: string }> {
  const found: OutboundFile[] = [];
  for (const { blob, ...about } of files) {
    const row = await storage.blob(blob).catch((error: unknown) => {
      if (error instanceof Fault) throw error; // it may pass
      return undefined;
    });
    if (!row) return { problem: `the file ${about.name} cannot be read in the storage any more` };
    found.push({ ...about, bytes: row.bytes });
  }
  return found;
}
