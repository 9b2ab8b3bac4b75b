/** What blobs are known by. */
export function blobHash(bytes: Uint8Array): string {
  return Bun.SHA256.hash(bytes, "hex");
}
