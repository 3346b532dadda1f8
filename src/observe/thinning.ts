/**
 * How the fleet's publishers are thinned, so that its calls for metrics stay bounded however many tasks run. With N
 * tasks and an interval of I seconds, calls in a second are
 *
 *     4 × min(N, 5) ÷ I          publications: two readings of the queue, one of the fleet, one PutMetricData
 *   + N ÷ askFleetEvery(N)       everybody, to know N: at most 5.6
 *   + N ÷ 900                    everybody's own sums that no draw has published for so long: 5.6 at 5,000 tasks
 *
 * and so less than 14 at 5,000 tasks and 10 seconds, where unthinned publishers would need 2,000.
 */

/** Tasks that publish in one interval, on average: with five, an interval without any comes once in 150. */
export const PUBLISHERS = 5;

/** Longest wait of a task's own sums for a draw; then they go alone. In a fleet of 5,000 the next draw can be hours off. */
export const OWN_SUMS_WAIT_MAX_MS = 900_000;

const ASK_MIN_MS = 60_000;
const ASK_PER_TASK_MS = 300;
/** A bound, since a fleet that shrank from thousands to ten must notice: too few would publish until it does. */
const ASK_MAX_MS = 900_000;

/** The chance of one of `tasks` to publish in an interval. */
export function publishChance(tasks: number): number {
  return Math.min(1, PUBLISHERS / Math.max(1, tasks));
}

/** Milliseconds after which one of `tasks` asks again how many they are, if it hasn't published meanwhile. */
export function askFleetEveryMs(tasks: number): number {
  return Math.min(ASK_MAX_MS, Math.max(ASK_MIN_MS, tasks * ASK_PER_TASK_MS));
}
