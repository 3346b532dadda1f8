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

/** The median of each number over several runs of one contestant; other values as the last run had them. */
export function medianRun(runs) {
  const fields = Object.entries(runs.at(-1) ?? {});
  return Object.fromEntries(
    fields.map(([field, last]) => [field, typeof last === "number" ? median(runs.map((run) => run[field])) : last]),
  );
}
