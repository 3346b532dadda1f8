/** Longest list of lines that a person reads. */
const RANGES_MAX = 20;

/** Numbers in rising order, as `3, 5-9, 12`; the first twenty runs of them, and how many more there are. */
export function lineRanges(lines: readonly number[]): string {
  const ranges: { from: number; to: number; count: number }[] = [];
  for (const line of lines) {
    const last = ranges.at(-1);
    if (last && line <= last.to + 1) {
      last.to = line;
      last.count++;
    } else ranges.push({ from: line, to: line, count: 1 });
  }
  const shown = ranges.slice(0, RANGES_MAX).map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`));
  const rest = ranges.slice(RANGES_MAX).reduce((sum, { count }) => sum + count, 0);
  return `${shown.join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}
