const signatures: readonly (readonly [mimeType: string, at: number, bytes: readonly number[]])[] = [
  ["image/png", 0, [0x89, 0x50, 0x4e, 0x47]],
  ["image/jpeg", 0, [0xff, 0xd8, 0xff]],
  ["image/gif", 0, [0x47, 0x49, 0x46, 0x38]],
  ["image/webp", 8, [0x57, 0x45, 0x42, 0x50]],
  ["audio/wav", 8, [0x57, 0x41, 0x56, 0x45]],
  ["audio/ogg", 0, [0x4f, 0x67, 0x67, 0x53]],
  ["audio/flac", 0, [0x66, 0x4c, 0x61, 0x43]],
  ["audio/mpeg", 0, [0x49, 0x44, 0x33]],
  ["audio/mpeg", 0, [0xff, 0xfb]],
  ["audio/mpeg", 0, [0xff, 0xf3]],
  ["audio/mpeg", 0, [0xff, 0xf2]],
  ["audio/mp4", 4, [0x66, 0x74, 0x79, 0x70, 0x4d, 0x34, 0x41]],
  ["video/mp4", 4, [0x66, 0x74, 0x79, 0x70]],
  ["video/webm", 0, [0x1a, 0x45, 0xdf, 0xa3]],
  ["application/pdf", 0, [0x25, 0x50, 0x44, 0x46]],
  ["application/zip", 0, [0x50, 0x4b, 0x03, 0x04]],
  ["application/gzip", 0, [0x1f, 0x8b]],
];

const looked = 4_096;

/** What the bytes are, whatever their sender calls them. */
export function sniff(bytes: Uint8Array): string {
  const known = signatures.find(([_type, at, sign]) => sign.every((byte, i) => bytes[at + i] === byte));
  if (known) return known[0];
  return isText(bytes.subarray(0, looked), bytes.length > looked) ? "text/plain" : "application/octet-stream";
}

/** The part that is looked at may end amid a character. */
function isText(bytes: Uint8Array, isCut: boolean): boolean {
  if (bytes.length === 0 || bytes.includes(0)) return false;
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: isCut });
    return true;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}
