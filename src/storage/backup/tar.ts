import { closeSync, openSync, readSync, writeSync } from "node:fs";

/*
 * The little of the tar format that a backup needs: plain files, named without folders that lead anywhere else. What is
 * written here, `tar` reads; what `tar` writes of the same files is read here. See POSIX 1003.1, pax, "ustar".
 */

const blockBytes = 512;
const chunkBytes = 1024 * 1024;
/** Eleven octal digits hold no more; beyond, the size is binary, as GNU tar has it. */
const mostOctal = 0o77777777777;

export interface TarEntry {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** Writes files one behind the other; each is in memory a piece at a time. */
export class TarWriter implements Disposable {
  readonly #fd: number;

  /** The file must not be there yet. */
  constructor(path: string) {
    this.#fd = openSync(path, "wx", 0o600);
  }

  get fd(): number {
    return this.#fd;
  }

  addText(name: string, content: string): void {
    const bytes = Buffer.from(content);
    this.#write(header(name, bytes.length));
    this.#write(bytes);
    this.#pad(bytes.length);
  }

  addFile(name: string, path: string, bytes: number): void {
    this.#write(header(name, bytes));
    const written = readPieces(path, { from: 0, bytes }, (piece) => this.#write(piece));
    if (written !== bytes) throw new Error(`${name} became shorter while it was read`);
    this.#pad(bytes);
  }

  finish(): void {
    this.#write(Buffer.alloc(2 * blockBytes));
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }

  #pad(bytes: number): void {
    this.#write(Buffer.alloc(padding(bytes)));
  }

  #write(piece: Uint8Array): void {
    for (let at = 0; at < piece.length;) at += writeSync(this.#fd, piece, at);
  }
}

/** Something in the file that is no plain tar of plain files. */
export class TarDamaged extends Error {
  override readonly name = "TarDamaged";
}

/**
 * Goes through a tar. `take` says where an entry's bytes go; they are hashed either way. Names that lead out of a folder
 * are refused, whatever they are meant for.
 */
export function readTar(
  path: string,
  take: (name: string, bytes: number) => ((piece: Uint8Array) => void) | undefined,
) {
  const entries: TarEntry[] = [];
  for (let at = 0; ;) {
    const block = Buffer.alloc(blockBytes);
    let filled = 0;
    readPieces(
      path,
      { from: at, bytes: blockBytes },
      (piece) => void (filled += Buffer.from(piece).copy(block, filled)),
    );
    if (filled < blockBytes) throw new TarDamaged("it ends before its end");
    if (block.every((byte) => byte === 0)) return entries;
    const { name, bytes } = readHeader(block);
    if (entries.some((entry) => entry.name === name)) throw new TarDamaged(`${name} is in it twice`);
    const hash = new Bun.CryptoHasher("sha256");
    const write = take(name, bytes);
    const read = readPieces(path, { from: at + blockBytes, bytes }, (piece) => {
      hash.update(piece);
      write?.(piece);
    });
    if (read < bytes) throw new TarDamaged(`it ends amid ${name}`);
    readPieces(path, { from: at + blockBytes + bytes, bytes: padding(bytes) }, (piece) => {
      if (piece.some((byte) => byte !== 0)) throw new TarDamaged(`there is something behind ${name}`);
    });
    entries.push({ name, bytes, sha256: hash.digest("hex") });
    at += blockBytes + bytes + padding(bytes);
  }
}

export function hashFile(path: string, bytes: number): string {
  const hash = new Bun.CryptoHasher("sha256");
  readPieces(path, { from: 0, bytes }, (piece) => void hash.update(piece));
  return hash.digest("hex");
}

/** Returns how many bytes there were. A piece is good until the next one. */
function readPieces(
  path: string,
  { from, bytes }: { readonly from: number; readonly bytes: number },
  take: (piece: Uint8Array) => void,
): number {
  const fd = openSync(path, "r");
  try {
    const buffer = Buffer.allocUnsafe(Math.min(chunkBytes, Math.max(1, bytes)));
    let done = 0;
    while (done < bytes) {
      const read = readSync(fd, buffer, 0, Math.min(buffer.length, bytes - done), from + done);
      if (read === 0) return done;
      take(buffer.subarray(0, read));
      done += read;
    }
    return done;
  } finally {
    closeSync(fd);
  }
}

function header(name: string, bytes: number): Buffer {
  const block = Buffer.alloc(blockBytes);
  if (Buffer.byteLength(name) > 100) throw new Error(`the name ${name} is too long for a tar`);
  block.write(name, 0);
  block.write("0000600\0", 100);
  block.write("0000000\0", 108);
  block.write("0000000\0", 116);
  if (bytes <= mostOctal) block.write(`${bytes.toString(8).padStart(11, "0")}\0`, 124);
  else {
    block.writeUInt8(0x80, 124);
    block.writeBigUInt64BE(BigInt(bytes), 128);
  }
  block.write("00000000000\0", 136);
  block.write("        ", 148);
  block.write("0", 156);
  block.write("ustar\u000000", 257);
  block.write(`${checksum(block).toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}

function readHeader(block: Buffer): { readonly name: string; readonly bytes: number } {
  const stored = Number.parseInt(text(block, 148, 8), 8);
  const bare = Buffer.from(block);
  bare.write("        ", 148);
  if (stored !== checksum(bare)) throw new TarDamaged("the head of an entry is not as it was written");
  const name = text(block, 0, 100);
  const kind = text(block, 156, 1);
  if (kind !== "0" && kind !== "") throw new TarDamaged(`${name} is no plain file`);
  if (!/^(?:[\w-][\w.-]*\/)*[\w-][\w.-]*$/.test(name) || text(block, 345, 155) !== "")
    throw new TarDamaged("there is a name in it that no backup has");
  const isBinary = (block[124] ?? 0) >= 0x80;
  const bytes = isBinary ? Number(block.readBigUInt64BE(128)) : Number.parseInt(text(block, 124, 12) || "0", 8);
  if (!Number.isSafeInteger(bytes) || bytes < 0) throw new TarDamaged(`the size of ${name} cannot be read`);
  return { name, bytes };
}

function text(block: Buffer, at: number, length: number): string {
  const end = block.indexOf(0, at);
  return block.toString("utf8", at, end < 0 || end > at + length ? at + length : end).trim();
}

function checksum(block: Buffer): number {
  return block.reduce((sum, byte) => sum + byte, 0);
}

function padding(bytes: number): number {
  return (blockBytes - (bytes % blockBytes)) % blockBytes;
}
