import type { PricedRun } from "./priced-run.js";
import { short } from "./terminal-chart.js";

export const HEADER = ["policy", "p50 s", "p95 s", "p99 s", "max s", "task-h", "× least", "out/in", "killed", "USD"];

/** One row for each run, as HEADER names its columns. */
export function rowsOf(runs: readonly PricedRun[]): string[][] {
  return runs.map((run) => [
    run.policy,
    ...[run.waitSeconds.p50, run.waitSeconds.p95, run.waitSeconds.p99, run.waitSeconds.max].map(short),
    short(run.taskHours),
    run.leastTaskHours === 0 ? "-" : (run.taskHours / run.leastTaskHours).toFixed(2),
    `${run.scaleOuts}/${run.scaleIns}`,
    String(run.busyTasksKilled),
    run.costUsd.toFixed(2),
  ]);
}
