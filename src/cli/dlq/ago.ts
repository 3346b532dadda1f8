const UNITS = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1_000, "s"],
] as const;

/** `3 h ago`; `now` and `time` are epoch milliseconds. */
export function ago(time: number | undefined, now: number): string {
  if (time === undefined) return "unknown";
  const ms = Math.max(0, now - time);
  const [unit, name] = UNITS.find(([unit]) => ms >= unit) ?? UNITS[3];
  return `${Math.floor(ms / unit)} ${name} ago`;
}
