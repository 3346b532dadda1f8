import type { AbortCause } from "../pipeline/outcome.js";

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

/** Calls `kill` with the grace as soon as the signal aborts, now if it has. */
export function killOnAbort(signal: AbortSignal, kill: (graceMs: number) => void): void {
  const onAbort = () => {
    const { cause } = signal.reason as { cause?: AbortCause };
    kill(KILL_GRACE_MS[cause ?? "shutdown"] ?? KILL_GRACE_MS.shutdown);
  };
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });
}
