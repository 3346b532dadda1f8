import type { Random } from "./random.js";

/** A task is billed from `starting` until it is `gone`; only a `running` one takes messages. */
export const TaskState = { starting: 0, running: 1, draining: 2, gone: 3 } as const;

/**
 * The tasks and their slots. Tasks are numbered in the order of their launch and never renumbered. A message goes to
 * a free slot by chance: SQS hands it to whichever task asks.
 */
export class Fleet {
  private readonly states: number[] = [];
  private readonly busy: number[] = [];
  /** One entry for each free slot: its task. Entries of tasks that no longer run are skipped when met. */
  private readonly free: number[] = [];
  private readonly counts = [0, 0, 0, 0];
  busySlots = 0;

  /** @param slotsPerTask slots of one task, counted in groups when messages are simulated in groups. */
  constructor(
    readonly slotsPerTask: number,
    private readonly random: Random,
  ) {}

  get startingTasks(): number {
    return this.counts[TaskState.starting]!;
  }

  get runningTasks(): number {
    return this.counts[TaskState.running]!;
  }

  /** Tasks that cost money at this moment. */
  get billedTasks(): number {
    return this.states.length - this.counts[TaskState.gone]!;
  }

  stateOf(task: number): number {
    return this.states[task]!;
  }

  busyOf(task: number): number {
    return this.busy[task]!;
  }

  /** Launches a task and returns its number. */
  launch(): number {
    this.states.push(TaskState.starting);
    this.busy.push(0);
    this.counts[TaskState.starting]!++;
    return this.states.length - 1;
  }

  /** The task asks for messages from now on. */
  run(task: number): void {
    this.enter(task, TaskState.running);
    for (let slot = 0; slot < this.slotsPerTask; slot++) this.free.push(task);
  }

  /** The task was told to stop: it takes no more messages and ends its agents. */
  drain(task: number): void {
    this.enter(task, TaskState.draining);
  }

  /** The task ends. @returns how many agents it takes with it. */
  end(task: number): number {
    this.enter(task, TaskState.gone);
    const interrupted = this.busy[task]!;
    this.busySlots -= interrupted;
    this.busy[task] = 0;
    return interrupted;
  }

  /** Fills a free slot and returns its task, or −1 where there is none. */
  takeSlot(): number {
    const { free, states } = this;
    while (free.length > 0) {
      const at = this.random.below(free.length);
      const task = free[at]!;
      free[at] = free[free.length - 1]!;
      free.pop();
      if (states[task] !== TaskState.running) continue;
      this.busy[task]!++;
      this.busySlots++;
      return task;
    }
    return -1;
  }

  /** An agent ended and its slot takes nothing else at once. */
  freeSlot(task: number): void {
    this.busy[task]!--;
    this.busySlots--;
    if (this.states[task] === TaskState.running) this.free.push(task);
  }

  private enter(task: number, state: number): void {
    this.counts[this.states[task]!]!--;
    this.counts[state]!++;
    this.states[task] = state;
  }
}
