import type { Clock } from "#base";
import { blobHash } from "../blob-hash.ts";
import type { BlobRow } from "../storage.ts";
import type { Connection, Lazy } from "./connection.ts";

const probeBytes = 16_384;
/** What was put so long ago may be about to be swept: who puts it again relies on it anew. */
const freshMs = 10 * 60 * 1_000;

/** Pieces of content, known by their hash: the same bytes are kept once. */
export class Blobs {
  readonly #clock: Clock;
  readonly #insert: Lazy<unknown, [string, string, Uint8Array, number, number]>;
  readonly #delete: Lazy<unknown, [string]>;
  readonly #find: Lazy<{ readonly mimeType: string; readonly bytes: Uint8Array }, [string]>;

  constructor(connection: Connection, clock: Clock) {
    this.#clock = clock;
    this.#insert = connection.statement(
      `INSERT INTO blobs (hash, mime_type, bytes, created_at) VALUES (?, ?, ?, ?)
         ON CONFLICT (hash) DO UPDATE SET created_at = excluded.created_at WHERE created_at < ?`,
    );
    this.#delete = connection.statement("DELETE FROM blobs WHERE hash = ?");
    this.#find = connection.statement("SELECT mime_type AS mimeType, bytes FROM blobs WHERE hash = ?");
  }

  /** Copies the bytes now; the function it returns writes them and tells their hash. */
  prepare({ mimeType, bytes }: { readonly mimeType: string; readonly bytes: Uint8Array }): () => string {
    const copy = bytes.slice();
    const hash = blobHash(copy);
    return () => {
      const now = this.#clock.now();
      this.#insert().run(hash, mimeType, copy, now, now - freshMs);
      return hash;
    };
  }

  /** Writes a little and takes it away again: does the disk take it? */
  probe(): void {
    this.#insert().run("probe", "", new Uint8Array(probeBytes), 0, 0);
    this.#delete().run("probe");
  }

  find(hash: string): BlobRow | undefined {
    const found = this.#find().get(hash);
    if (!found) return undefined;
    if (blobHash(found.bytes) !== hash) throw new Error(`the blob ${hash} is damaged`);
    return { hash, ...found };
  }
}
