import type { Snapshot } from "../observe/snapshot.js";
import type { WorkerStatus } from "../pipeline/ports/status.js";

/** Exit codes of `run`, after sysexits.h where one fits. */
export const EXIT = { clean: 0, unexpected: 1, queueGone: 69, workReleased: 75 } as const;

export interface RunResult {
  /** 0 drained and clean, 1 unexpected, 69 the queue is gone or forbidden, 75 the drain's budget ended with work released. */
  readonly exitCode: number;
  readonly summary: Snapshot;
}

/** A worker for one queue. Stopping it twice, or before it runs, is harmless. */
export interface Worker {
  /**
   * Works until it is stopped, by `stop`, SIGTERM or SIGINT; a second signal ends the process at once.
   * Rejects when the agent can't be made ready.
   */
  run(): Promise<RunResult>;
  /** Drains: resolves when nothing of the worker runs and nothing that it received is hidden. */
  stop(reason?: string): Promise<void>;
  status(): WorkerStatus;
}
