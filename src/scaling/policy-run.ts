/** What one policy asks for at one moment. */
export interface Proposal {
  readonly desiredTasks: number;
  /** The proposal became the new number of tasks. */
  accepted(): void;
}

/** One policy as time goes by. */
export interface PolicyRun {
  readonly name: string;
  /** @param tasks that are ordered now. */
  tick(now: number, tasks: number): Proposal | undefined;
  /** Target trackings scale in only together; undefined for the other kinds, which neither ask nor are asked. */
  readonly readyToScaleIn: boolean | undefined;
}
