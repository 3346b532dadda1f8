import type { OutcomeKind } from "../ports/outcome.js";

/** How strongly the latest run moves the average: the last twenty or so decide. */
const WEIGHT = 0.1;
/** What the buffer holds at most, beyond a second's work: received messages cost memory, up to 1 MiB each. */
const BUFFER_EXTRA = 100;

/** The agents' time as a moving average, and what follows from it for how much may wait in the buffer. */
export class AgentPace {
  #meanSeconds = 0;

  constructor(private readonly slots: number) {}

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

  /** Messages that the slots work off in about a second; 0 for long agents and while nothing is known. */
  get bufferMax(): number {
    if (this.#meanSeconds === 0) return 0;
    return Math.min(bufferCapacity(this.slots), Math.floor(this.slots / this.#meanSeconds));
  }
}

/** The buffer's bound for the fastest of agents. */
export function bufferCapacity(slots: number): number {
  return slots + BUFFER_EXTRA;
}
