import type { ReadPicture } from "#agent";
import { describeError } from "#base";
import type { House } from "./house.ts";
import { sniff } from "./sniff.ts";

/** Pictures out of the blobs. The log may come from elsewhere, so what it says of them is not believed. */
export function pictureReader({ storage, log }: Pick<House, "storage" | "log">): ReadPicture {
  return async ({ blob, mimeType, bytes }) => {
    try {
      const found = await storage.blob(blob);
      if (found?.bytes.length === bytes && sniff(found.bytes) === mimeType) return found.bytes;
      log.debug("a picture is not there any more", { blob });
    } catch (error) {
      log.warn("a picture could not be read", { blob, problem: describeError(error) });
    }
    return undefined;
  };
}
