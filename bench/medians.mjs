/** The value below which `share` of the values lie. */
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

export const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

/**
 * The median of each number over several runs of one contestant, other values as the last run had them; `least` holds
 * the least of each number, since what else runs on the machine can only add to a time.
 */
export function medianRun(runs) {
  const of = (reduce) =>
    Object.fromEntries(
      Object.entries(runs.at(-1) ?? {}).map(([field, last]) => [
        field,
        typeof last === "number" ? reduce(runs.map((run) => run[field])) : last,
      ]),
    );
  return { ...of(median), least: of((values) => Math.min(...values)) };
}
