import type { Clock, Timer } from "../../../src/pipeline/ports/clock.js";
import type { Gate } from "./gate.js";

interface TaskTimer {
  readonly timer: Timer;
  cleared: boolean;
}

/** The fleet's clock as one task has it: the same time, and timers that stop and die with the task. */
export class TaskClock implements Clock {
  constructor(
    private readonly clock: Clock,
    private readonly gate: Gate,
  ) {}

  monotonic(): number {
    return this.clock.monotonic();
  }

  wall(): number {
    return this.clock.wall();
  }

  setTimer(callback: () => void, ms: number): Timer {
    // One that fell due while the task was frozen can still be cleared when it thaws.
    const due = () => this.gate.pass("timer", () => own.cleared || callback());
    const own: TaskTimer = { timer: this.clock.setTimer(due, ms), cleared: false };
    return own;
  }

  clearTimer(timer: Timer): void {
    const own = timer as TaskTimer | undefined;
    if (!own) return;
    own.cleared = true;
    this.clock.clearTimer(own.timer);
  }
}
