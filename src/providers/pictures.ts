import type { ModelRequest } from "./provider.ts";

/** The pictures of a request that could be read, by the hash of their bytes, in base64. */
export type Pictures = ReadonlyMap<string, string>;

export const noPictures: Pictures = new Map();

/** Read one after the other: each is held twice while it is written. */
export async function readPictures({ messages, readPicture }: ModelRequest): Promise<Pictures> {
  if (!readPicture) return noPictures;
  const pictures = new Map<string, string>();
  for (const message of messages) {
    if (message.role !== "user") continue;
    for (const picture of message.pictures ?? []) {
      if (pictures.has(picture.blob)) continue;
      const bytes = await readPicture(picture);
      if (bytes)
        pictures.set(picture.blob, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64"));
    }
  }
  return pictures;
}
