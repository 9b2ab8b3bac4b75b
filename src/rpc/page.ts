/** Of what is read in pages, at most so much goes into one: a page must fit into an answer. */
const mostLength = 4 * 1024 * 1024;

/** As many as fit, from the first on; one at least, because a reader must get ahead. */
export function fitPage<Row>(rows: readonly Row[]): { readonly rows: Row[]; readonly isCut: boolean } {
  const taken: Row[] = [];
  let length = 0;
  for (const row of rows) {
    length += JSON.stringify(row).length;
    if (taken.length > 0 && length > mostLength) return { rows: taken, isCut: true };
    taken.push(row);
  }
  return { rows: taken, isCut: false };
}
