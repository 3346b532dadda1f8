/**
 * Damerau-Levenshtein distance (adjacent letters swapped count once: `snedn` is how typing goes wrong).
 * @param most what is of interest: a distance above it may come out as any number above it, which saves most of the work.
 */
export function editDistance(a: string, b: string, most = Number.POSITIVE_INFINITY): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let least = Math.min(row[j - 1]! + 1, above[j]! + 1, above[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) least = Math.min(least, before[j - 2]! + 1);
      row.push(least);
    }
    // A swap reaches back two rows, all else one.
    if (Math.min(...row) > most && Math.min(...above) >= most) return most + 1;
    [before, above] = [above, row];
  }
  return above[b.length]!;
}
