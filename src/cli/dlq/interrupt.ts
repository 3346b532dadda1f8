import type { HeldLetters } from "../../letters/held-letters.js";
import { complain } from "../terminal.js";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Aborts with the first SIGINT, SIGTERM or SIGHUP; the second one ends the process as usual, and says what it leaves.
 * @param held what is hidden meanwhile.
 */
export function untilInterrupted(held: HeldLetters): AbortSignal {
  const interrupted = new AbortController();
  const stop = (signal: NodeJS.Signals) => {
    if (!interrupted.signal.aborted) return interrupted.abort();
    complain(`ended at once: ${lastWords(held)}`);
    for (const name of SIGNALS) process.off(name, stop);
    process.kill(process.pid, signal);
  };
  for (const name of SIGNALS) process.on(name, stop);
  return interrupted.signal;
}

/** What a process leaves behind that ends now. */
export function lastWords({ count, hideSeconds }: HeldLetters): string {
  if (count === 0) return "no message stays hidden";
  return `${count} message${count === 1 ? "" : "s"} may stay hidden for ${hideSeconds} s at most; none is lost`;
}
