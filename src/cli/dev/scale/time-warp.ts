/**
 * Loaded before anything else (`node --import`) into the processes of `dev --scale`: from then on every clock and every
 * timer that JavaScript can ask for runs as fast as the fleet's clock. So a worker that knows nothing of it polls, leases,
 * publishes, drains and sleeps in the fleet's time, at its ordinary settings. What a processor computes and a socket
 * carries takes the time that it takes.
 */
import { syncBuiltinESMExports } from "node:module";
import timers from "node:timers";
import timersPromises from "node:timers/promises";

const promisified = Symbol.for("nodejs.util.promisify.custom");

// Not imported from fleet-clock.ts: nothing that reads a clock may be loaded before it is warped.
const told = process.env.QUEUEHAND_DEV_CLOCK;
if (told !== undefined) {
  const [speed, startWallMs, startMonotonicMs] = told.split(",").map(Number) as [number, number, number];
  warp(speed, startWallMs, startMonotonicMs);
}

function warp(speed: number, startWallMs: number, startMonotonicMs: number): void {
  const nanoseconds = process.hrtime.bigint.bind(process.hrtime);
  const sinceOrigin = performance.now.bind(performance);
  const wall = () => startWallMs + (Number(nanoseconds()) / 1e6 - startMonotonicMs) * speed;

  Date.now = () => Math.floor(wall());
  globalThis.Date = new Proxy(Date, {
    construct: (target, args, newTarget) => Reflect.construct(target, args.length === 0 ? [wall()] : args, newTarget),
    apply: () => new Date().toString(),
  });

  const origin = wall() - sinceOrigin() * speed;
  Object.defineProperty(performance, "now", { value: () => sinceOrigin() * speed });
  Object.defineProperty(performance, "timeOrigin", { value: origin });

  const monotonic = () => BigInt(Math.round(Number(nanoseconds()) * speed));
  const hrtime = (since?: [number, number]): [number, number] => {
    const now = monotonic() - (since ? BigInt(since[0]) * 1_000_000_000n + BigInt(since[1]) : 0n);
    return [Number(now / 1_000_000_000n), Number(now % 1_000_000_000n)];
  };
  process.hrtime = Object.assign(hrtime, { bigint: monotonic });

  const { setTimeout, setInterval, clearTimeout, setImmediate } = globalThis;
  const scaled = (ms: unknown) => (Number(ms) || 0) / speed;
  const cleared = new WeakSet<object>();
  // A process that waited for a processor finds a deadline over and the answer there: the answer is looked at first, as
  // it would be where a millisecond is one.
  const later = ((callback: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) => {
    const timer = setTimeout(() => {
      setImmediate(() => {
        if (!cleared.has(timer)) callback(...args);
      });
    }, scaled(ms));
    return timer;
  }) as typeof setTimeout;
  const forget = ((timer?: NodeJS.Timeout) => {
    if (typeof timer === "object" && timer !== null) cleared.add(timer);
    clearTimeout(timer);
  }) as typeof clearTimeout;
  const again = ((callback: () => void, ms?: number, ...args: []) =>
    setInterval(callback, scaled(ms), ...args)) as typeof setInterval;
  const { setTimeout: sleep, setInterval: beats } = timersPromises;
  const slept = ((ms?: number, ...rest: []) => sleep(scaled(ms), ...rest)) as typeof sleep;
  Object.defineProperty(later, promisified, { value: slept });
  const replaced = { setTimeout: later, clearTimeout: forget, setInterval: again };
  Object.assign(globalThis, replaced);
  Object.assign(timers, replaced);
  Object.assign(timersPromises, {
    setTimeout: slept,
    setInterval: ((ms?: number, ...rest: []) => beats(scaled(ms), ...rest)) as typeof beats,
  });
  const { scheduler } = timersPromises;
  const wait = scheduler.wait.bind(scheduler);
  Object.defineProperty(scheduler, "wait", { value: (ms: number, ...rest: []) => wait(scaled(ms), ...rest) });

  AbortSignal.timeout = (ms) => {
    const controller = new AbortController();
    const late = () => controller.abort(new DOMException("The operation was aborted due to timeout", "TimeoutError"));
    later(late, ms).unref();
    return controller.signal;
  };
  syncBuiltinESMExports();
}
