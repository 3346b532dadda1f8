import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "@jest/globals";
import { FleetClock } from "../../../../../src/cli/dev/scale/fleet-clock.js";

const WARP = new URL("../../../../../src/cli/dev/scale/time-warp.js", import.meta.url).href;
const SPEED = 10_000;

/** Every way to ask for a clock or a timer, and what each says. Unwarped it would take longer than a test may. */
const PROGRAM = `
  import { setTimeout as sleep, scheduler } from "node:timers/promises";
  import { setTimeout as later } from "node:timers";
  import { promisify } from "node:util";
  import { Worker } from "node:worker_threads";
  const told = {};
  const clocks = {
    date: () => Date.now(),
    newDate: () => new Date().getTime(),
    performance: () => performance.now(),
    origin: () => performance.timeOrigin + performance.now(),
    hrtime: () => Number(process.hrtime.bigint()) / 1e6,
    hrtimePair: () => { const [s, n] = process.hrtime(); return s * 1e3 + n / 1e6; },
  };
  const before = Object.fromEntries(Object.entries(clocks).map(([name, read]) => [name, read()]));
  await new Promise((resolve) => setTimeout(resolve, 300_000));
  await new Promise((resolve) => later(resolve, 300_000));
  await sleep(300_000);
  await promisify(setTimeout)(300_000);
  await scheduler.wait(300_000);
  await new Promise((resolve) => { const timer = setInterval(() => { clearInterval(timer); resolve(); }, 300_000); });
  const signal = AbortSignal.timeout(300_000);
  await new Promise((resolve) => { signal.onabort = resolve; setTimeout(() => {}, 900_000); });
  const worker = new Worker("setTimeout(() => process.getBuiltinModule('node:worker_threads').parentPort.postMessage(Date.now()), 300_000)", { eval: true });
  told.thread = await new Promise((resolve) => worker.once("message", resolve)) - before.date;
  for (const [name, read] of Object.entries(clocks)) told[name] = read() - before[name];
  told.reason = signal.reason.name;
  let cleared = true;
  clearTimeout(setTimeout(() => { cleared = false; }, 1));
  await sleep(300_000);
  told.cleared = cleared;
  told.dates = [new Date(5).getTime(), new Date(2020, 1, 2) instanceof Date, typeof Date(), Date.UTC(1970)];
  told.wall = Date.now();
  console.log(JSON.stringify(told));
`;

test("a process that is warped asks no clock and sets no timer that doesn't run as fast as the fleet's", async () => {
  const clock = new FleetClock(SPEED);
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--import", WARP, "--input-type=module", "-e", PROGRAM],
    { env: { ...process.env, NODE_OPTIONS: "", ...clock.environment } },
  );
  const { reason, dates, wall, cleared, ...elapsed } = JSON.parse(stdout);
  for (const ms of Object.values(elapsed)) expect(ms).toBeGreaterThanOrEqual(8 * 300_000 * 0.99);
  expect([reason, cleared]).toEqual(["TimeoutError", true]);
  expect(dates).toEqual([5, true, "string", 0]);
  // Every process agrees on the hour at which the film began.
  expect(wall).toBeGreaterThan(clock.startWallMs);
  expect(wall).toBeLessThan(clock.wallMs);
}, 60_000);
