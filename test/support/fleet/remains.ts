import type { MemoryQueue } from "../memory-queue.js";
import type { Climate } from "./climate.js";
import type { Ledger } from "./ledger.js";
import type { TaskRecord } from "./task-record.js";
import type { Violation } from "./violation.js";

/** What is left when a fleet has lived, for its judge. */
export interface Remains {
  readonly climate: Climate;
  readonly queue: MemoryQueue;
  readonly ledger: Ledger;
  readonly tasks: readonly TaskRecord[];
  /** What was seen while it lived. */
  readonly witnessed: readonly Violation[];
  readonly startedAt: number;
}
