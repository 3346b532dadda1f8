import type { Clock } from "../pipeline/clock.js";

/** A call was given up: whether it had an effect is unknown. */
export class DeadlineError extends Error {
  override readonly name = "DeadlineError";
}

/**
 * Runs `work` for at most `ms` milliseconds, or until `outer` aborts. The signal handed to it aborts then, and the wait
 * ends even if `work` doesn't heed it: an SDK whose credentials hang doesn't.
 * @throws DeadlineError when the time is over, and whatever `work` throws.
 */
export function withDeadline<T>(
  clock: Clock,
  ms: number,
  work: (signal: AbortSignal) => Promise<T>,
  outer?: AbortSignal,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const controller = new AbortController();
    const giveUp = (why: string) => {
      const error = new DeadlineError(why);
      reject(error);
      controller.abort(error);
    };
    const stopped = () => giveUp("given up at the stop");
    if (outer?.aborted) return stopped();
    const timer = clock.setTimer(() => giveUp(`no answer within ${ms} ms`), ms);
    outer?.addEventListener("abort", stopped, { once: true });
    const ended = () => {
      clock.clearTimer(timer);
      outer?.removeEventListener("abort", stopped);
    };
    controller.signal.addEventListener("abort", ended, { once: true });
    work(controller.signal).then(resolve, reject).finally(ended);
  });
}
