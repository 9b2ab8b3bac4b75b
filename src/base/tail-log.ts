/** A piece of a log, and where to read on. */
export interface LogTail {
  /** Behind the last line of this piece, in bytes. */
  readonly cursor: number;
  readonly size: number;
  readonly lines: readonly string[];
  /** There was more than was asked for: older lines are left out. */
  readonly isTruncated: boolean;
  /** The cursor was of a file that has been replaced; this is the end of the new one. */
  readonly isReset: boolean;
}

export interface TailRequest {
  /** Of an earlier piece; without it, the end of the file is read. */
  readonly cursor?: number;
  readonly limit: number;
  readonly maxBytes: number;
}

const newline = 10;

/** Whole lines only: one that is still being written is left for the next time. No file is an empty one. */
export async function tailLog(path: string, { cursor, limit, maxBytes }: TailRequest): Promise<LogTail> {
  const file = Bun.file(path);
  const size = (await file.exists()) ? file.size : 0;
  const isReset = cursor !== undefined && cursor > size;
  const wanted = isReset ? 0 : (cursor ?? 0);
  const start = Math.max(wanted, size - maxBytes);
  // One byte before, to see whether a line begins here.
  const from = Math.max(0, start - 1);
  const bytes = await file.slice(from, size).bytes();
  const begins = start === 0 ? 0 : bytes.indexOf(newline) + 1;
  const ends = bytes.lastIndexOf(newline) + 1;
  if (ends <= begins) return { cursor: start, size, lines: [], isTruncated: start > wanted, isReset };
  const lines = new TextDecoder().decode(bytes.subarray(begins, ends - 1)).split("\n");
  const isTruncated = start > wanted || lines.length > limit;
  return { cursor: from + ends, size, lines: lines.slice(-limit), isTruncated, isReset };
}
