const headBytes = 21;
const sectorBytes = 512;

/** What happened to a file, as the shim has logged it. */
export interface Change {
  readonly kind: "write" | "sync" | "truncate" | "unlink";
  readonly path: string;
  readonly offset: number;
  readonly bytes: Buffer;
  /** How long the log was with this change in it. */
  readonly end: number;
}

const kinds: Readonly<Record<string, Change["kind"]>> = { w: "write", s: "sync", t: "truncate", u: "unlink" };

export function readChanges(log: Buffer): Change[] {
  const changes: Change[] = [];
  for (let at = 0; at + headBytes <= log.length;) {
    const kind = kinds[String.fromCharCode(log.readUInt8(at))];
    const nameBytes = log.readUInt32LE(at + 1);
    const offset = Number(log.readBigUInt64LE(at + 5));
    const from = at + headBytes + nameBytes;
    const end = from + Number(log.readBigUInt64LE(at + 13));
    if (kind === undefined || end > log.length) throw new Error(`the log of the disk makes no sense at ${at}`);
    changes.push({
      kind,
      path: log.toString("utf8", at + headBytes, from),
      offset,
      bytes: log.subarray(from, end),
      end,
    });
    at = end;
  }
  return changes;
}

/** A disk that keeps what was synced; of the rest, a power cut leaves what it likes, sector by sector. */
export class RecordedDisk {
  readonly #files = new Map<string, { synced: Buffer; pending: Change[] }>();

  apply(change: Change): void {
    const file = this.#files.get(change.path) ?? { synced: Buffer.alloc(0), pending: [] };
    if (change.kind === "unlink") {
      this.#files.delete(change.path);
      return;
    }
    this.#files.set(change.path, file);
    if (change.kind !== "sync") {
      file.pending.push(change);
      return;
    }
    for (const pending of file.pending) file.synced = changed(file.synced, pending, () => true);
    file.pending = [];
  }

  /** The files after a power cut, of whose sectors `survives` says which unsynced ones are there. */
  afterPowerCut(survives: () => boolean): Map<string, Buffer> {
    const files = new Map<string, Buffer>();
    for (const [path, { synced, pending }] of this.#files) {
      let content: Buffer = Buffer.from(synced);
      for (const change of pending) content = changed(content, change, survives);
      files.set(path, content);
    }
    return files;
  }
}

function changed(content: Buffer, { kind, offset, bytes }: Change, survives: () => boolean): Buffer {
  if (kind === "truncate") {
    if (!survives()) return content;
    return offset <= content.length ? content.subarray(0, offset) : grown(content, offset);
  }
  let result = content;
  for (let from = 0; from < bytes.length;) {
    const to = Math.min(bytes.length, from + sectorBytes - ((offset + from) % sectorBytes));
    if (survives()) {
      result = grown(result, offset + to);
      bytes.copy(result, offset + from, from, to);
    }
    from = to;
  }
  return result;
}

/** Room is taken in large pieces behind the end, because files grow by small ones. */
function grown(content: Buffer, size: number): Buffer {
  if (content.length >= size) return content;
  if (content.byteOffset + size <= content.buffer.byteLength && content.byteOffset === 0 && owns(content)) {
    const longer = Buffer.from(content.buffer, 0, size);
    longer.fill(0, content.length);
    return longer;
  }
  const roomy = Buffer.from(new ArrayBuffer(Math.ceil((size * 3) / 2)), 0, size);
  content.copy(roomy);
  return roomy;
}

/** Small buffers are pieces of a pool that others write to. */
function owns(content: Buffer): boolean {
  return content.buffer.byteLength >= Buffer.poolSize * 2;
}
