const units = [
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
] as const;

/** A span of time in its largest unit, for people: `3 h`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const unit = units.find(([, size]) => seconds >= size);
  return unit ? `${Math.floor(seconds / unit[1])} ${unit[0]}` : `${seconds} s`;
}
