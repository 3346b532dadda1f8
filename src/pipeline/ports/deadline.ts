import type { Clock } from "./clock.js";
import { QueueError } from "./queue.js";

/**
 * Makes a call with a signal that aborts after `ms` milliseconds, or with `cut`, whichever is first. The call is waited
 * for in any case: it is its duty to end with its signal, and what it brings in the last moment is not lost. Where that
 * can't be relied on, and nothing can be lost, the call is to be wrapped in `untilAborted`.
 */
export async function withDeadline<Answer>(
  clock: Clock,
  ms: number,
  cut: AbortSignal | undefined,
  call: (signal: AbortSignal) => Promise<Answer>,
): Promise<Answer> {
  const giveUp = new AbortController();
  const onCut = () => giveUp.abort(cut?.reason);
  const timer = clock.setTimer(() => giveUp.abort(new QueueError("deadline", `no answer within ${ms / 1000} s`)), ms);
  if (cut?.aborted) onCut();
  else cut?.addEventListener("abort", onCut);
  try {
    return await call(giveUp.signal);
  } finally {
    clock.clearTimer(timer);
    cut?.removeEventListener("abort", onCut);
  }
}

/**
 * The promise, or a rejection with the signal's reason as soon as it aborts. The SDK heeds no signal while it waits for
 * credentials, whose endpoint can hang for minutes.
 */
export function untilAborted<Answer>(promise: Promise<Answer>, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const aborted = () => reject(signal.reason);
    if (signal.aborted) aborted();
    signal.addEventListener("abort", aborted, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", aborted));
  });
}
