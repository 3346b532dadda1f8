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

  const { setTimeout, setInterval } = globalThis;
  const scaled = (ms: unknown) => (Number(ms) || 0) / speed;
  const later = ((callback: () => void, ms?: number, ...args: []) =>
    setTimeout(callback, scaled(ms), ...args)) as typeof setTimeout;
  const again = ((callback: () => void, ms?: number, ...args: []) =>
    setInterval(callback, scaled(ms), ...args)) as typeof setInterval;
  const { setTimeout: sleep, setInterval: beats } = timersPromises;
  const slept = ((ms?: number, ...rest: []) => sleep(scaled(ms), ...rest)) as typeof sleep;
  Object.defineProperty(later, promisified, { value: slept });
  Object.assign(globalThis, { setTimeout: later, setInterval: again });
  Object.assign(timers, { setTimeout: later, setInterval: again });
  Object.assign(timersPromises, {
    setTimeout: slept,
    setInterval: ((ms?: number, ...rest: []) => beats(scaled(ms), ...rest)) as typeof beats,
  });
  const { scheduler } = timersPromises;
  const wait = scheduler.wait.bind(scheduler);
  Object.defineProperty(scheduler, "wait", { value: (ms: number, ...rest: []) => wait(scaled(ms), ...rest) });

  const timeout = AbortSignal.timeout.bind(AbortSignal);
  // Node refuses a delay that isn't whole.
  AbortSignal.timeout = (ms) => timeout(Math.max(1, Math.round(scaled(ms))));
  syncBuiltinESMExports();
}

