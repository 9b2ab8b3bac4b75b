/**
 * What can go wrong with the file rather than with the statement, by SQLite's primary result code, in words for a person.
 * Source: https://www.sqlite.org/rescode.html
 */
const troubles: ReadonlyMap<number, string> = new Map([
  [3, "access to the file was denied"],
  [5, "another program is writing to the database"],
  [6, "a table is locked"],
  [7, "there is not enough memory"],
  [8, "the file is read-only"],
  [10, "the disk reported an error"],
  [11, "the file is damaged"],
  [13, "the disk is full"],
  [14, "the file cannot be opened"],
  [15, "its lock does not work"],
  [26, "the file is not a database"],
]);

/** Undefined for a mistake of ours: bad SQL, a constraint, a bug. */
export function troubleOf(error: unknown): string | undefined {
  const code = primaryCode(error);
  return code === undefined ? undefined : troubles.get(code);
}

/** The file itself holds nonsense, which does not pass by itself. */
export function isDamage(error: unknown): boolean {
  return [11, 26].includes(primaryCode(error) ?? 0);
}

export function isBusy(error: unknown): boolean {
  return primaryCode(error) === 5;
}

/** bun:sqlite throws some errors of SQLite as plain `Error`s, so they are known by their number, not by their class. */
function primaryCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errno" in error) || typeof error.errno !== "number") return undefined;
  if (!("code" in error) || typeof error.code !== "string" || !error.code.startsWith("SQLITE_")) return undefined;
  return error.errno & 0xff;
}
