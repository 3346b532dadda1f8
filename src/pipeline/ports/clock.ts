/** A timer handle; opaque, so that a test's clock can bring its own. */
export type Timer = unknown;

/**
 * The pipeline's only source of time. Leases and deadlines use `monotonic`, so that a wall clock that jumps moves none
 * of them; `wall` serves ages alone.
 */
export interface Clock {
  /** Milliseconds from an arbitrary start, never running backwards, the same in every thread of the process. */
  monotonic(): number;
  /** Milliseconds since the epoch. */
  wall(): number;
  /** Calls `callback` once after `ms` milliseconds. */
  setTimer(callback: () => void, ms: number): Timer;
  /** Forgets a timer; harmless when it has fired or is undefined. */
  clearTimer(timer: Timer): void;
}

/** The machine's clock. */
export const systemClock: Clock = {
  monotonic() {
    // Unlike performance.now(), whose origin differs between threads, this reads CLOCK_MONOTONIC itself.
    const [seconds, nanoseconds] = process.hrtime();
    return seconds * 1000 + nanoseconds / 1e6;
  },
  wall: () => Date.now(),
  setTimer: (callback, ms) => setTimeout(callback, ms),
  clearTimer: (timer) => clearTimeout(timer as NodeJS.Timeout | undefined),
};

/** Resolves after `ms` milliseconds, or as soon as `signal` aborts; never rejects. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const wake = () => {
      clock.clearTimer(timer);
      signal?.removeEventListener("abort", wake);
      resolve();
    };
    const timer = clock.setTimer(wake, ms);
    signal?.addEventListener("abort", wake, { once: true });
  });
}
