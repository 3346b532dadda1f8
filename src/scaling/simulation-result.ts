/** One moment of the run, for charts. */
export interface Moment {
  readonly second: number;
  readonly arrivalsPerSecond: number;
  readonly waiting: number;
  readonly desiredTasks: number;
  readonly runningTasks: number;
  /** Longest wait among the messages that started since the moment before. */
  readonly waitSeconds: number;
  /** Mean since the moment before, of ten seconds at least; undefined where nobody published. */
  readonly slotDemand: number | undefined;
}

/** One change of a service's desired count. */
export interface Activity {
  readonly second: number;
  /** From 0. */
  readonly service: number;
  readonly fromTasks: number;
  readonly desiredTasks: number;
  readonly policy: string;
}

/** What one policy made of one load. Waits count from sent to agent started. */
export interface SimulationResult {
  readonly policy: string;
  /** Sent during the run. */
  readonly messages: number;
  /** Still waiting at its end; their waits so far, and what the last fleet would still need, are in `waitSeconds`. */
  readonly unfinished: number;
  readonly waitSeconds: {
    readonly mean: number;
    readonly p50: number;
    readonly p95: number;
    readonly p99: number;
    readonly max: number;
  };
  /** From launch to end, all tasks. */
  readonly taskHours: number;
  /** All work over all slots: a fleet that is always full and starts in no time. No policy can reach it. */
  readonly leastTaskHours: number;
  readonly highestTasks: number;
  readonly scaleOuts: number;
  readonly scaleIns: number;
  /** Tasks that scale-in or Spot ended while an agent still ran. */
  readonly busyTasksKilled: number;
  /** Tasks told to stop while an agent ran, which then drained. */
  readonly busyTasksStopped: number;
  readonly interruptedMessages: number;
  readonly spotTasksLost: number;
  readonly activities: readonly Activity[];
  readonly moments: readonly Moment[];
}
