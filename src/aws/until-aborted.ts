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
