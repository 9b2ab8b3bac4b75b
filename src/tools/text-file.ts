/** The text of a file, or why it is none: a NUL byte, or bytes that are not UTF-8. */
export type FileText =
  | { readonly isText: true; readonly text: string }
  | { readonly isText: false; readonly because: string };

export function textOf(bytes: Uint8Array): FileText {
  if (bytes.subarray(0, sniffedBytes).includes(0)) return binary(bytes);
  try {
    return { isText: true, text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch (error) {
    if (error instanceof TypeError) return binary(bytes);
    throw error;
  }
}

const sniffedBytes = 8_192;

const signatures: readonly { readonly kind: string; readonly begins: string }[] = [
  { kind: "a PNG image", begins: "\x89PNG" },
  { kind: "a JPEG image", begins: "\xff\xd8\xff" },
  { kind: "a GIF image", begins: "GIF8" },
  { kind: "a PDF document", begins: "%PDF-" },
  { kind: "a ZIP archive, or a document made as one", begins: "PK\x03\x04" },
  { kind: "gzip-compressed data", begins: "\x1f\x8b" },
  { kind: "a program (ELF)", begins: "\x7fELF" },
  { kind: "an SQLite database", begins: "SQLite format 3\0" },
];

function binary(bytes: Uint8Array): FileText {
  const start = Buffer.from(bytes.subarray(0, 32)).toString("latin1");
  const kind = signatures.find(({ begins }) => start.startsWith(begins))?.kind ?? "binary data";
  return { isText: false, because: `it is ${kind}, ${bytes.length} bytes, and no UTF-8 text` };
}
