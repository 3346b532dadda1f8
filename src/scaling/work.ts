import type { ArrivalMoments } from "./arrivals.js";
import { Backlog } from "./backlog.js";
import { Completions } from "./completions.js";
import { type Fleet, TaskState } from "./fleet.js";
import type { StartGate } from "./start-gate.js";
import { Waits } from "./waits.js";

/** In flight on one queue at most; beyond it a receive comes back empty. */
export const IN_FLIGHT_MAX = 120_000;

/** The road of each message: sent, waiting, on a slot, ended. First come, first served. */
export class Work {
  readonly backlog = new Backlog();
  readonly waits = new Waits();
  private readonly completions = new Completions();
  arrived = 0;
  ended = 0;

  /** Longest wait among the messages that started since `takeRecent`. */
  private recentMax = 0;

  /**
   * @param agentSeconds draws the time of one agent.
   * @param inFlightMax in the unit in which messages are simulated.
   */
  constructor(
    private readonly fleet: Fleet,
    private readonly arrivals: ArrivalMoments,
    private readonly agentSeconds: () => number,
    private readonly inFlightMax: number,
    private readonly gate?: StartGate,
  ) {}

  /** Everything that happens before `until`, in order. */
  run(until: number): void {
    const { arrivals, completions } = this;
    for (;;) {
      const ends = completions.nextTime;
      if (ends <= arrivals.next) {
        if (ends >= until) return;
        this.end(ends);
      } else {
        if (arrivals.next >= until) return;
        const now = arrivals.next;
        arrivals.advance();
        this.arrived++;
        this.backlog.add(now);
        this.startWaiting(now);
      }
    }
  }

  /** Fills free slots, for instance those of a task that has just started. */
  startWaiting(now: number): void {
    const { backlog, fleet } = this;
    while (backlog.size > 0 && fleet.busySlots < this.inFlightMax && this.mayStart(now)) {
      const task = fleet.takeSlot();
      if (task < 0) return;
      this.gate?.take();
      this.record(now);
      this.completions.add(now + this.agentSeconds(), task);
    }
  }

  /** Messages of agents that were interrupted come again; their second wait counts from now. */
  putBack(count: number, now: number): void {
    for (let i = 0; i < count; i++) this.backlog.add(now);
  }

  /** Longest wait among the messages that started since the last call, seconds. */
  takeRecentMax(): number {
    const max = this.recentMax;
    this.recentMax = 0;
    return max;
  }

  private end(now: number): void {
    const { completions, fleet, backlog } = this;
    const task = completions.nextTask;
    const state = fleet.stateOf(task);
    if (state === TaskState.gone) return completions.remove();
    this.ended++;
    const isWanted = backlog.size > 0 && fleet.busySlots <= this.inFlightMax;
    if (state === TaskState.running && isWanted && this.mayStart(now, 1)) {
      this.gate?.take();
      this.record(now);
      completions.replace(now + this.agentSeconds(), task);
      return;
    }
    completions.remove();
    fleet.freeSlot(task);
    if (backlog.size > 0) this.startWaiting(now);
  }

  /** Whether budgets allow one more; `ending` are just about to make way. */
  private mayStart(now: number, ending = 0): boolean {
    return this.gate?.allows(now, this.fleet.busySlots - ending) ?? true;
  }

  private record(now: number): void {
    const wait = now - this.backlog.take();
    this.waits.add(wait);
    if (wait > this.recentMax) this.recentMax = wait;
  }
}
