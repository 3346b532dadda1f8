/** Waits that grow by doubling, spread evenly between 0 and their bound (full jitter), so that a fleet doesn't march in step. */
export interface Backoff {
  readonly base: number;
  readonly max: number;
}

/** A wait for the `attempt`-th failure in a row (1, 2, ...), in the unit of `base` and `max`. */
export function fullJitter({ base, max }: Backoff, attempt: number, random: () => number = Math.random): number {
  return random() * Math.min(max, base * 2 ** Math.min(attempt - 1, 30));
}
