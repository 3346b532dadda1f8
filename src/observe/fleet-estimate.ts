import type { Clock } from "../pipeline/ports/clock.js";
import { untilAborted, withDeadline } from "../pipeline/ports/deadline.js";
import type { Backlog, Fleet, FleetSize } from "../pipeline/ports/metrics.js";
import { askFleetEveryMs } from "./thinning.js";

const ANSWER_WITHIN_MS = 3_000;
/** How far a task's next question is moved at random, either way: a fleet started at once must not ask at once. */
const JITTER = 0.5;
/** How much one more look at the own slots says, against all those before. */
const OWN_WEIGHT = 0.3;
/** The same of the share of all messages in flight. */
const RATIO_WEIGHT = 0.5;
/** Quota of tasks in a service. */
const TASKS_MAX = 5_000;

export interface FleetEstimateParts {
  /** Undefined where there is nobody to ask. */
  readonly fleet: FleetSize | undefined;
  readonly clock: Clock;
  readonly random: () => number;
}

/**
 * Knows how many tasks there are, approximately: told by ECS, else from the own share of the messages in flight, else
 * one. Asks rarely, the rarer the larger the fleet, and keeps the last answer when one fails.
 */
export class FleetEstimate {
  readonly #parts: FleetEstimateParts;
  #fleet: Fleet = { desired: 1, running: 1 };
  #told = false;
  #askAt: number;
  #ownInFlight: number | undefined;
  #ownNow = 0;
  #inFlightOverOwn: number | undefined;

  constructor(parts: FleetEstimateParts) {
    this.#parts = parts;
    this.#askAt = parts.clock.monotonic();
  }

  /** Whether somebody tells the fleet; else only the messages in flight do. */
  get isTold(): boolean {
    return this.#told;
  }

  get current(): Fleet {
    return this.#fleet;
  }

  /**
   * By how many a thing is to be divided: tasks that are starting or ending count. Where only the messages in flight tell, it
   * is no whole number: then the parts of all tasks are a whole together, though some hold more than others. Undefined while nobody knows.
   */
  get divisor(): number | undefined {
    return this.#told ? Math.max(this.#fleet.desired, this.#fleet.running) : this.#inFlightOverOwn;
  }

  /** Whether it is time to ask again. */
  get due(): boolean {
    return this.#parts.clock.monotonic() >= this.#askAt;
  }

  /** Notes the messages in flight that this task holds. */
  sawOwn(inFlight: number): void {
    this.#ownNow = inFlight;
    const before = this.#ownInFlight ?? inFlight;
    this.#ownInFlight = before + OWN_WEIGHT * (inFlight - before);
  }

  /** Asks for the fleet; never rejects. False when there was no answer, and `sawQueue` is to be called in its place. */
  async ask(stop: AbortSignal): Promise<boolean> {
    const { fleet, clock } = this.#parts;
    const read = async (signal: AbortSignal) => fleet && untilAborted(fleet.read(signal), signal);
    try {
      const answer = await withDeadline(clock, ANSWER_WITHIN_MS, stop, read);
      if (answer) {
        this.#told = true;
        this.#fleet = { desired: atLeastThisOne(answer.desired), running: atLeastThisOne(answer.running) };
      }
    } catch {
      // The last answer serves until the next question; a fleet's size is no reason for a line in every task's log.
    }
    this.#askLater();
    return this.#told;
  }

  /** Estimates the fleet from the own share of the messages in flight, if ECS has never told it. */
  sawQueue({ inFlight }: Backlog): void {
    if (this.#told) return;
    this.#askLater();
    const own = this.#ownInFlight ?? 0;
    // Who holds next to nothing can't tell ten tasks from a thousand: the last estimate is as good as any.
    if (own < 0.5) return;
    if (this.#ownNow >= 1) {
      const now = atLeastThisOne(inFlight / this.#ownNow);
      const before = this.#inFlightOverOwn ?? now;
      this.#inFlightOverOwn = before + RATIO_WEIGHT * (now - before);
    }
    const tasks = atLeastThisOne(Math.round(inFlight / own));
    this.#fleet = { desired: tasks, running: tasks };
  }

  #askLater(): void {
    const { clock, random } = this.#parts;
    const jitter = 1 + JITTER * (2 * random() - 1);
    this.#askAt = clock.monotonic() + askFleetEveryMs(this.#fleet.running) * jitter;
  }
}

const atLeastThisOne = (tasks: number) => Math.min(TASKS_MAX, Math.max(1, tasks));
