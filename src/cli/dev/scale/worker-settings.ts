import type { ScaleOptions } from "./scale-options.js";
import { drainSecondsOf, protectionOf } from "./simulation-of.js";

/** The settings of the workers that follow from what was asked for; all others are `run`'s defaults. */
export function workerSettings(options: ScaleOptions): Record<string, string> {
  return {
    CONCURRENCY: String(options.slots),
    VISIBILITY_TIMEOUT: String(options.visibilitySeconds),
    TARGET_DELAY_SECONDS: String(options.targetDelaySeconds),
    DRAIN_BACKLOG_SECONDS: String(options.drainBacklogSeconds),
    SHUTDOWN_TIMEOUT_SECONDS: String(Math.min(SHUTDOWN_SECONDS_MAX, drainSecondsOf(options))),
    TASK_PROTECTION: protectionOf(options) === "busy" ? "auto" : "off",
  };
}

const SHUTDOWN_SECONDS_MAX = 115;
