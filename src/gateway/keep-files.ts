import type { Storage } from "#storage";
import { describeFile, type Described } from "./inbound/attachments.ts";
import { sniff } from "./sniff.ts";

/** A file that a client brings with a message. */
export interface BroughtFile {
  readonly name?: string;
  readonly bytes: Uint8Array;
}

/** Puts files into blobs, as those are that come from platforms. Rejects with `storageUnavailable`. */
export async function keepFiles(storage: Storage, files: readonly BroughtFile[]): Promise<readonly Described[]> {
  return Promise.all(
    files.map(async ({ name, bytes }) => {
      const mimeType = sniff(bytes);
      const blob = await storage.putBlob({ mimeType, bytes });
      return describeFile(
        { kind: kindOf(mimeType), ...(name !== undefined && { name }) },
        { blob, mimeType, bytes: bytes.length },
      );
    }),
  );
}

function kindOf(mimeType: string): "image" | "audio" | "video" | "file" {
  const [family] = mimeType.split("/");
  return family === "image" || family === "audio" || family === "video" ? family : "file";
}
