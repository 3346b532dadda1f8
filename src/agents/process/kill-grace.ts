import type { AbortCause } from "../../pipeline/ports/outcome.js";
import type { RunAborted } from "../../pipeline/run/run-signal.js";

/**
 * How long an agent's process may go on after SIGTERM before it is killed, in milliseconds. A timeout leaves time to
 * save what was done; a shutdown has to fit into the drain's reserve; and when the lease is lost the message is about to
 * reappear elsewhere.
 */
export const KILL_GRACE_MS: Readonly<Record<AbortCause, number>> = {
  timeout: 5_000,
  shutdown: 2_000,
  "lease lost": 500,
};

/** The grace after an abort with this reason: a drain with little time left grants less than usual. */
export function killGraceMs(reason: unknown): number {
  const { cause = "shutdown", graceMs = Number.POSITIVE_INFINITY } = reason as Partial<RunAborted>;
  return Math.min(graceMs, KILL_GRACE_MS[cause] ?? KILL_GRACE_MS.shutdown);
}

/** Calls `kill` with the grace as soon as the signal aborts, now if it has. */
export function killOnAbort(signal: AbortSignal, kill: (graceMs: number) => void): void {
  const onAbort = () => kill(killGraceMs(signal.reason));
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });
}
