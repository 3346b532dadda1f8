import type { Clock } from "./clock.js";
import { QueueError } from "./queue.js";

/**
 * Makes a call with a signal that aborts after `ms` milliseconds, or with `cut`, whichever is first. The call is waited
 * for in any case: it is the queue's duty to end with its signal.
 */
export async function withDeadline<Answer>(
  clock: Clock,
  ms: number,
  cut: AbortSignal,
  call: (signal: AbortSignal) => Promise<Answer>,
): Promise<Answer> {
  const giveUp = new AbortController();
  const onCut = () => giveUp.abort(cut.reason);
  const timer = clock.setTimer(() => giveUp.abort(new QueueError("deadline", `no answer within ${ms / 1000} s`)), ms);
  if (cut.aborted) onCut();
  else cut.addEventListener("abort", onCut);
  try {
    return await call(giveUp.signal);
  } finally {
    clock.clearTimer(timer);
    cut.removeEventListener("abort", onCut);
  }
}
