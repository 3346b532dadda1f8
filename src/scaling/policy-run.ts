import type { AlarmView } from "./alarm.js";

/** What one policy asks for at one moment. */
export interface Proposal {
  readonly desiredTasks: number;
  /** Why, in words. */
  readonly reason: string;
  /** The proposal became the new number of tasks. */
  accepted(): void;
}

/** One policy as time goes by. */
export interface PolicyRun {
  readonly name: string;
  /** @param tasks that are ordered now. */
  tick(now: number, tasks: number): Proposal | undefined;
  /** The alarms that invoke it, as they are now. */
  readonly alarms: readonly AlarmView[];
  /** Target trackings scale in only together; undefined for the other kinds, which neither ask nor are asked. */
  readonly readyToScaleIn: boolean | undefined;
}
