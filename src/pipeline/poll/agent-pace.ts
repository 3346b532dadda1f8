import type { OutcomeKind } from "../ports/outcome.js";

/** How strongly the latest run moves the average: the last twenty or so decide. */
const WEIGHT = 0.1;
/** What the buffer holds at most, beyond a second's work: received messages cost memory, up to 1 MiB each. */
const BUFFER_EXTRA = 100;
/** How long the ages of the running agents are taken as known: to look at each for every message would cost too much. */
const AGES_KNOWN_MS = 100;

/** Monotonic milliseconds at which each agent that runs now began. */
export type RunningSince = () => Iterable<number>;

/**
 * How fast the slots work messages off: by the moving average of the agents' time, and by how long those that run now
 * have run already, since an agent that has run for a minute says of the next one that it may take a minute as well.
 */
export class AgentPace {
  readonly #slots: number;
  readonly #runningSince: RunningSince;
  #meanSeconds = 0;
  #perSecond = 0;
  #knownAt = Number.NEGATIVE_INFINITY;

  constructor(slots: number, runningSince: RunningSince) {
    this.#slots = slots;
    this.#runningSince = runningSince;
  }

  /** Seconds; 0 before the first run has ended well. */
  get meanSeconds(): number {
    return this.#meanSeconds;
  }

  /** An end without success counts only if it took longer than usual: what fails fast doesn't make the agents fast. */
  record(agentMs: number, outcome: OutcomeKind): void {
    const seconds = agentMs / 1000;
    if (outcome !== "done" && (this.#meanSeconds === 0 || seconds < this.#meanSeconds)) return;
    this.#meanSeconds = this.#meanSeconds === 0 ? seconds : this.#meanSeconds + WEIGHT * (seconds - this.#meanSeconds);
  }

  /** Messages that the slots work off in about a second from `now` on; 0 for long agents and while nothing is known. */
  bufferMax(now: number): number {
    return Math.min(bufferCapacity(this.#slots), Math.floor(this.#rate(now)));
  }

  /** Messages that the slots work off, those that run now included, in `ms` milliseconds from `now` on. */
  worksOff(ms: number, now: number): number {
    // What begins then is to end then as well.
    if (this.#meanSeconds * 1000 > ms) return 0;
    return Math.floor((this.#rate(now) * ms) / 1000);
  }

  /** Messages a second. An agent that is older than the average is expected to go on for as long as it has run. */
  #rate(now: number): number {
    if (this.#meanSeconds === 0) return 0;
    if (now - this.#knownAt < AGES_KNOWN_MS) return this.#perSecond;
    this.#knownAt = now;
    let idle = this.#slots;
    this.#perSecond = 0;
    for (const since of this.#runningSince()) {
      idle--;
      this.#perSecond += 1 / Math.max(this.#meanSeconds, (now - since) / 1000);
    }
    this.#perSecond += Math.max(0, idle) / this.#meanSeconds;
    return this.#perSecond;
  }
}

/** The buffer's bound for the fastest of agents. */
export function bufferCapacity(slots: number): number {
  return slots + BUFFER_EXTRA;
}
