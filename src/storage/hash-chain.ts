/** An event as it is hashed: where it stands, and its data as the JSON text that is stored. */
export interface Link {
  readonly sessionId: string;
  readonly seq: number;
  readonly id: string;
  readonly at: number;
  readonly parentId?: string;
  readonly kind: string;
  readonly data: string;
}

/** What stands before the first event. */
export const rootHash = "";

/**
 * SHA-256, in hexadecimal, over the UTF-8 bytes of the JSON array
 * `[previous hash, session id, seq, id, at, parent id or null, kind]`, one line feed, and the data text. JSON without
 * blanks holds no line feed, so no two different links have the same bytes.
 */
export function linkHash(previousHash: string, link: Link): string {
  const place = [previousHash, link.sessionId, link.seq, link.id, link.at, link.parentId ?? null, link.kind];
  return Bun.SHA256.hash(`${JSON.stringify(place)}\n${link.data}`, "hex");
}

/** The chain of a session is broken: an event was changed, removed or moved behind our back, or the disk flipped a bit. */
export class BrokenChain extends Error {
  override readonly name = "BrokenChain";
  readonly sessionId: string;
  readonly seq: number;

  constructor(place: { readonly sessionId: string; readonly seq: number }, problem: string) {
    super(`The log of session ${place.sessionId} is damaged at seq ${place.seq}: ${problem}.`);
    this.sessionId = place.sessionId;
    this.seq = place.seq;
  }
}
