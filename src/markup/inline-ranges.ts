/** What of a line is `start <= i < end`. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** Sorted ranges, those that touch or overlap made one. */
export function union(ranges: readonly Range[]): Range[] {
  const joined: { start: number; end: number }[] = [];
  for (const { start, end } of ranges.toSorted((a, b) => a.start - b.start)) {
    const last = joined.at(-1);
    if (last && start <= last.end) last.end = Math.max(last.end, end);
    else joined.push({ start, end });
  }
  return joined;
}

/** Sorted ranges; of those that overlap the one that begins first is kept, the longer of two that begin together. */
export function disjoint<R extends Range>(ranges: readonly R[]): R[] {
  let end = 0;
  return ranges
    .toSorted((a, b) => a.start - b.start || b.end - a.end)
    .filter((range) => {
      if (range.start < end) return false;
      end = range.end;
      return true;
    });
}

/** The one of sorted, disjoint ranges that begins last at or before a place. */
export function lastBefore<R extends Range>(ranges: readonly R[], place: number): R | undefined {
  let [low, high] = [0, ranges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ranges[middle]?.start ?? Infinity) <= place) low = middle + 1;
    else high = middle;
  }
  return ranges[low - 1];
}

/** The one of sorted, disjoint ranges with a place strictly inside it. */
export function around<R extends Range>(ranges: readonly R[], place: number): R | undefined {
  const found = lastBefore(ranges, place);
  return found && found.start < place && place < found.end ? found : undefined;
}

/** The parts of a range, so that none crosses the edge of a wall: each lies in one, or holds it whole, or meets none. */
export function splitAt<R extends Range>(range: R, walls: readonly Range[]): R[] {
  const first = around(walls, range.start);
  const last = around(walls, range.end);
  const cuts = [
    range.start,
    ...(first && first.end < range.end ? [first.end] : []),
    ...(last && last.start > range.start ? [last.start] : []),
    range.end,
  ];
  return cuts
    .slice(1)
    .map((end, i) => ({ ...range, start: cuts[i] ?? end, end }))
    .filter(({ start, end }) => start < end);
}

/** The parts of a range outside all of sorted, disjoint ranges. */
export function without(range: Range, holes: readonly Range[]): Range[] {
  const parts: Range[] = [];
  let { start } = range;
  for (let i = indexEndingAfter(holes, start), hole = holes[i]; hole && hole.start < range.end; hole = holes[++i]) {
    if (hole.start > start) parts.push({ start, end: hole.start });
    start = hole.end;
  }
  return start < range.end ? [...parts, { start, end: range.end }] : parts;
}

/** Where in sorted, disjoint ranges those begin that end after a place. */
export function indexEndingAfter(ranges: readonly Range[], place: number): number {
  let [low, high] = [0, ranges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ranges[middle]?.end ?? Infinity) <= place) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Without the white space at its edges; undefined when nothing else is there. */
export function trimmed<R extends Range>(text: string, range: R): R | undefined {
  let { start, end } = range;
  while (start < end && isSpace(text, start)) start++;
  while (end > start && isSpace(text, end - 1)) end--;
  return start < end ? { ...range, start, end } : undefined;
}

export function isSpace(text: string, place: number): boolean {
  const code = text.charCodeAt(place);
  if (code > 32 && code < 160) return false;
  return /\s/.test(text.charAt(place));
}

/** Splits what crosses, so that the ranges are nested or apart. Cuts the one that would have to end after its opener. */
export function nest<R extends Range>(ranges: readonly R[]): R[] {
  const done: R[] = [];
  const open: R[] = [];
  const leave = (place: number) => {
    const lowest = open.findIndex(({ end }) => end <= place);
    if (lowest < 0) return;
    for (const range of open.splice(lowest)) {
      const end = Math.min(range.end, place);
      if (range.start < end) done.push({ ...range, end });
      if (range.end > place) open.push({ ...range, start: place });
    }
  };
  const leaveUpTo = (place: number) => {
    for (let end = soonest(open); end <= place; end = soonest(open)) leave(end);
  };
  for (const range of ranges.toSorted((a, b) => a.start - b.start || b.end - a.end)) {
    leaveUpTo(range.start);
    open.push(range);
  }
  leaveUpTo(Infinity);
  return done;
}

function soonest(open: readonly Range[]): number {
  if (open.length === 0) return NaN;
  return Math.min(...open.map(({ end }) => end));
}
